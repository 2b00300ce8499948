//! An inference service has a deployment and a service for each of its parts, by the runtime for its format.

use coracle_objects::kind;
use coracle_plan::kind::serving::{predict_path, shipped_runtimes};
use serde_json::{Value, json};

use crate::cluster::Cluster;

fn serve(cluster: &mut Cluster, predictor: &Value) {
    for runtime in shipped_runtimes() {
        cluster.make(kind::cluster_serving_runtimes(), Value::Object(runtime));
    }
    cluster.make(
        kind::inference_services(),
        json!({ "metadata": { "name": "iris" }, "spec": { "predictor": predictor } }),
    );
    cluster.settle();
}

fn model(format: &str) -> Value {
    json!({ "model": { "modelFormat": { "name": format }, "storageUri": "pvc://models/iris" } })
}

fn status(cluster: &Cluster) -> Value {
    cluster.object(kind::inference_services(), "iris")["status"].clone()
}

fn runtime(cluster: &Cluster) -> Value {
    status(cluster)["clusterServingRuntimeName"].clone()
}

fn server(cluster: &Cluster) -> Value {
    let deployment = cluster.object(kind::deployments(), "iris-predictor");
    deployment["spec"]["template"]["spec"]["containers"][0].clone()
}

#[test]
fn a_model_is_served_by_the_runtime_of_its_format() {
    Cluster::tell(|cluster| {
        serve(cluster, &model("sklearn"));
        assert_eq!(runtime(cluster), "kserve-sklearnserver");
        let args = &server(cluster)["args"];
        assert_eq!(args[0], "--model_name=iris");
        let mount = &server(cluster)["volumeMounts"][0];
        assert_eq!(
            (&mount["mountPath"], &mount["subPath"]),
            (&"/mnt/models".into(), &"iris".into())
        );
        assert_eq!(cluster.names(kind::services()), ["iris-predictor"]);
        let service = cluster.object(kind::services(), "iris-predictor");
        assert_eq!(
            service["spec"]["selector"],
            json!({ "app": "isvc.iris-predictor" })
        );
        assert_eq!(
            status(cluster)["modelStatus"]["transitionStatus"],
            "InProgress"
        );
        for pod in cluster.names(kind::pods()) {
            cluster.pod_runs(&pod);
        }
        cluster.settle();
        assert_eq!(
            status(cluster)["modelStatus"]["states"]["activeModelState"],
            "Loaded"
        );
    });
}

#[test]
fn another_protocol_is_another_runtime() {
    Cluster::tell(|cluster| {
        let mut predictor = model("sklearn");
        predictor["model"]["protocolVersion"] = "v2".into();
        serve(cluster, &predictor);
        assert_eq!(runtime(cluster), "kserve-mlserver");
        let variables = server(cluster)["env"].clone();
        let implementation = json!({ "name": "MLSERVER_MODEL_IMPLEMENTATION", "value": "mlserver_sklearn.SKLearnModel" });
        assert!(
            variables.as_array().unwrap().contains(&implementation),
            "{variables}"
        );
    });
}

#[test]
fn one_of_the_namespace_comes_before_those_of_the_cluster() {
    Cluster::tell(|cluster| {
        cluster.make(
            kind::serving_runtimes(),
            json!({
                "metadata": { "name": "own" },
                "spec": {
                    "supportedModelFormats": [{ "name": "sklearn", "autoSelect": true }],
                    "containers": [{ "name": "kserve-container", "image": "own:1", "args": ["{{.Namespace}}/{{.Name}}"] }],
                },
            }),
        );
        serve(cluster, &model("sklearn"));
        assert_eq!(status(cluster)["servingRuntimeName"], "own");
        assert_eq!(server(cluster)["args"], json!(["team/iris"]));
        cluster.edit(kind::serving_runtimes(), "own", |runtime| {
            runtime["spec"]["disabled"] = true.into();
        });
        cluster.settle();
        assert_eq!(runtime(cluster), "kserve-sklearnserver");
    });
}

#[test]
fn what_nobody_serves_says_so_and_is_deployed_when_somebody_does() {
    Cluster::tell(|cluster| {
        serve(cluster, &model("words"));
        assert_eq!(cluster.names(kind::deployments()).len(), 0);
        assert_eq!(
            status(cluster)["modelStatus"]["lastFailureInfo"]["reason"],
            "NoSupportingRuntime"
        );
        cluster.edit(kind::inference_services(), "iris", |service| {
            service["spec"]["predictor"]["model"]["modelFormat"]["name"] = "xgboost".into();
        });
        cluster.settle();
        assert_eq!(cluster.names(kind::deployments()), ["iris-predictor"]);
        assert!(
            status(cluster)["modelStatus"]
                .get("lastFailureInfo")
                .is_none()
        );
    });
}

#[test]
fn what_is_not_to_be_fetched_is_not_deployed() {
    Cluster::tell(|cluster| {
        for uri in ["ftp://x/y", "oci://registry/model:1"] {
            let mut predictor = model("sklearn");
            predictor["model"]["storageUri"] = uri.into();
            serve(cluster, &predictor);
            assert_eq!(cluster.names(kind::deployments()).len(), 0, "{uri}");
            assert_eq!(
                status(cluster)["modelStatus"]["transitionStatus"],
                "InvalidSpec"
            );
        }
    });
}

#[test]
fn all_of_it_goes_while_it_is_stopped_and_with_it() {
    Cluster::tell(|cluster| {
        serve(cluster, &model("sklearn"));
        let set = |cluster: &mut Cluster, value: &str| {
            cluster.edit(kind::inference_services(), "iris", |service| {
                service["metadata"]["annotations"]["serving.kserve.io/stop"] = value.into();
            });
            cluster.settle();
        };
        set(cluster, "true");
        assert_eq!(
            cluster.names(kind::deployments()).len() + cluster.names(kind::pods()).len(),
            0
        );
        set(cluster, "false");
        assert_eq!(cluster.names(kind::deployments()), ["iris-predictor"]);
        cluster.delete(kind::inference_services(), "iris", None);
        cluster.settle();
        assert_eq!(
            cluster.names(kind::services()).len() + cluster.names(kind::pods()).len(),
            0
        );
    });
}

#[test]
fn a_graph_is_ready_when_all_that_it_leads_to_is_there() {
    Cluster::tell(|cluster| {
        let nodes =
            json!({ "root": { "routerType": "Sequence", "steps": [{ "serviceName": "iris" }] } });
        cluster.make(
            kind::inference_graphs(),
            json!({ "metadata": { "name": "g" }, "spec": { "nodes": nodes } }),
        );
        cluster.settle();
        let ready = |cluster: &Cluster| {
            let graph = cluster.object(kind::inference_graphs(), "g");
            assert_eq!(graph["status"]["url"], "http://g-team.example.com");
            graph["status"]["conditions"][0].clone()
        };
        assert_eq!(ready(cluster)["reason"], "ServiceNotFound");
        serve(cluster, &model("sklearn"));
        cluster.edit(kind::inference_graphs(), "g", |graph| {
            graph["metadata"]["annotations"]["looked"] = "again".into();
        });
        cluster.settle();
        assert_eq!(ready(cluster)["status"], "True");
    });
}

#[test]
fn a_service_is_asked_by_the_protocol_that_it_speaks() {
    let check = |predictor: Value, path: &str| {
        Cluster::tell(|cluster| {
            serve(cluster, &predictor);
            let service = cluster.object(kind::inference_services(), "iris");
            let service = service.as_object().unwrap();
            assert_eq!(predict_path(service, cluster), path, "{predictor}");
        });
    };
    let (first, second) = ("/v1/models/iris:predict", "/v2/models/iris/infer");
    check(model("sklearn"), first);
    let mut newer = model("sklearn");
    newer["model"]["protocolVersion"] = "v2".into();
    check(newer, second);
    let mut named = model("sklearn");
    named["model"]["runtime"] = "kserve-mlserver".into();
    check(named, second);
    let own = |env: Value| json!({ "containers": [{ "name": "kserve-container", "image": "a", "env": env }] });
    check(own(json!([])), first);
    check(own(json!([{ "name": "PROTOCOL", "value": "v2" }])), second);
}

/// The model that a predictor's pods serve, as their deployment asks for it.
fn storage(cluster: &Cluster, deployment: &str) -> Value {
    let template = &cluster.object(kind::deployments(), deployment)["spec"]["template"];
    template["spec"]["containers"][0]["volumeMounts"][0]["subPath"].clone()
}

fn next_model(cluster: &mut Cluster, path: &str, percent: impl Into<Value>) {
    let percent = percent.into();
    cluster.edit(kind::inference_services(), "iris", |service| {
        let predictor = &mut service["spec"]["predictor"];
        predictor["model"]["storageUri"] = format!("pvc://models/{path}").into();
        predictor["canaryTrafficPercent"] = percent.clone();
    });
    cluster.settle();
}

fn shares(cluster: &Cluster) -> Vec<(Value, Value)> {
    let traffic = &status(cluster)["components"]["predictor"]["traffic"];
    let shares = traffic.as_array().into_iter().flatten();
    shares
        .map(|share| (share["percent"].clone(), share["latestRevision"].clone()))
        .collect()
}

#[test]
fn a_canary_stands_beside_what_it_may_replace_until_it_is_promoted() {
    Cluster::tell(|cluster| {
        serve(cluster, &model("sklearn"));
        next_model(cluster, "better", 20);
        let both = ["iris-predictor", "iris-predictor-canary"];
        assert_eq!(cluster.names(kind::deployments()), both);
        assert_eq!(both.map(|name| storage(cluster, name)), ["iris", "better"]);
        assert_eq!(
            shares(cluster),
            [(80.into(), false.into()), (20.into(), true.into())]
        );
        // Its pods are not those that the service leads to.
        let canary = cluster.object(kind::deployments(), "iris-predictor-canary");
        assert_eq!(
            canary["spec"]["selector"]["matchLabels"]["app"],
            "isvc.iris-predictor-canary"
        );
        next_model(cluster, "best", 30);
        assert_eq!(both.map(|name| storage(cluster, name)), ["iris", "best"]);
        next_model(cluster, "best", Value::Null);
        assert_eq!(cluster.names(kind::deployments()), ["iris-predictor"]);
        assert_eq!(storage(cluster, "iris-predictor"), "best");
        assert_eq!(shares(cluster), []);
    });
}

#[test]
fn a_canary_that_is_rolled_back_leaves_what_was_there() {
    Cluster::tell(|cluster| {
        serve(cluster, &model("sklearn"));
        let before = cluster.object(kind::deployments(), "iris-predictor");
        next_model(cluster, "worse", 20);
        next_model(cluster, "worse", 0);
        assert_eq!(cluster.names(kind::deployments()), ["iris-predictor"]);
        assert_eq!(
            cluster.object(kind::deployments(), "iris-predictor")["spec"],
            before["spec"]
        );
        assert_eq!(shares(cluster), [(100.into(), false.into())]);
    });
}

#[test]
fn a_canary_without_anything_before_it_is_all_there_is() {
    Cluster::tell(|cluster| {
        let mut predictor = model("sklearn");
        predictor["canaryTrafficPercent"] = 20.into();
        serve(cluster, &predictor);
        assert_eq!(cluster.names(kind::deployments()), ["iris-predictor"]);
        assert_eq!(shares(cluster), []);
    });
}

#[test]
fn who_watches_the_requests_says_how_many_pods_there_are_within_bounds() {
    Cluster::tell(|cluster| {
        let mut predictor = model("sklearn");
        predictor["minReplicas"] = 0.into();
        predictor["maxReplicas"] = 3.into();
        serve(cluster, &predictor);
        let pods = |cluster: &Cluster| {
            cluster.object(kind::deployments(), "iris-predictor")["spec"]["replicas"].clone()
        };
        assert_eq!(pods(cluster), 1);
        for (scaled, stays) in [(0, 0), (3, 3), (7, 3)] {
            cluster.edit(kind::deployments(), "iris-predictor", |deployment| {
                deployment["spec"]["replicas"] = scaled.into();
            });
            cluster.settle();
            assert_eq!(pods(cluster), stays);
        }
        cluster.edit(kind::inference_services(), "iris", |service| {
            service["spec"]["predictor"]["minReplicas"] = 3.into();
        });
        cluster.settle();
        assert_eq!(pods(cluster), 3);
    });
}
