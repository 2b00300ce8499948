//! Models that need no pods are served by the workbench: what counts as such, and what is told of them.

use coracle_objects::{Object, kind};
use coracle_plan::kind::service::answered_for;
use coracle_plan::kind::serving::{LOADED, ModelPlace, shipped_runtimes, to_load};
use serde_json::{Value, json};

use crate::cluster::Cluster;

fn onnx(uri: &str) -> Value {
    json!({ "model": { "modelFormat": { "name": "onnx" }, "storageUri": uri } })
}

fn serve(cluster: &mut Cluster, predictor: &Value) {
    for runtime in shipped_runtimes() {
        cluster.make(kind::cluster_serving_runtimes(), Value::Object(runtime));
    }
    cluster.make(
        kind::inference_services(),
        json!({ "metadata": { "name": "digits" }, "spec": { "predictor": predictor } }),
    );
    cluster.settle();
}

fn edit(cluster: &mut Cluster, change: impl FnOnce(&mut Value)) {
    cluster.edit(kind::inference_services(), "digits", change);
    cluster.settle();
}

fn annotate(cluster: &mut Cluster, loaded: &Value) {
    let text = loaded.to_string();
    edit(cluster, |service| {
        service["metadata"]["annotations"] = json!({ LOADED: text });
    });
}

fn status(cluster: &Cluster) -> Value {
    cluster.object(kind::inference_services(), "digits")["status"].clone()
}

/// A condition as its status, its reason and its message.
fn condition(cluster: &Cluster, kind: &str) -> [Value; 3] {
    let status = status(cluster);
    let found = status["conditions"].as_array().unwrap().iter();
    let found = found.clone().find(|condition| condition["type"] == kind);
    ["status", "reason", "message"].map(|field| found.unwrap()[field].clone())
}

/// The place of what is to be loaded for a predictor, where there is the claim `models` alone.
fn place(predictor: &Value) -> Option<ModelPlace> {
    let service = json!({ "metadata": { "name": "digits" }, "spec": { "predictor": predictor } });
    let Value::Object(service) = service else {
        unreachable!()
    };
    let service: Object = service;
    to_load(&service, |claim| claim == "models")
}

#[test]
fn a_model_that_lies_here_is_loaded() {
    let claim = |path: &str| ModelPlace::Claim {
        claim: "models".to_owned(),
        path: path.to_owned(),
    };
    for (uri, expected) in [
        (
            "file:///m/digits",
            Some(ModelPlace::Path("/m/digits".to_owned())),
        ),
        ("pvc://models/a/b", Some(claim("a/b"))),
        ("pvc://models", Some(claim(""))),
        ("pvc://others/a", None),
        ("pvc://models/../other", None),
        ("file://m", None),
        ("s3://bucket/m", None),
        ("/m", None),
    ] {
        assert_eq!(place(&onnx(uri)), expected, "{uri}");
    }
}

#[test]
fn what_only_a_container_can_give_needs_one() {
    let with = |part: &str, field: &str, value: Value| {
        let mut predictor = onnx("file:///m");
        predictor.pointer_mut(part).unwrap()[field] = value;
        place(&predictor).is_some()
    };
    for (part, field, value, is_loaded) in [
        ("/model", "protocolVersion", json!("v2"), true),
        ("/model", "name", json!(""), true),
        (
            "/model",
            "resources",
            json!({ "limits": { "cpu": "1" } }),
            true,
        ),
        ("", "minReplicas", json!(2), true),
        ("", "containers", json!([]), true),
        ("/model", "protocolVersion", json!("grpc-v2"), false),
        ("/model", "runtime", json!("kserve-tritonserver"), false),
        ("/model", "runtimeVersion", json!("1"), false),
        ("/model", "image", json!("mine"), false),
        (
            "/model",
            "env",
            json!([{ "name": "A", "value": "1" }]),
            false,
        ),
        ("/model", "modelFormat", json!({ "name": "sklearn" }), false),
        (
            "",
            "containers",
            json!([{ "name": "transformer-container" }]),
            false,
        ),
        ("", "logger", json!({ "url": "http://sink" }), true),
        ("", "batcher", json!({ "maxBatchSize": 8 }), true),
        ("", "canaryTrafficPercent", json!(10), false),
    ] {
        let told = format!("{part} {field} {value}");
        assert_eq!(with(part, field, value), is_loaded, "{told}");
    }
}

#[test]
fn it_has_no_pods_and_is_ready_when_it_is_loaded() {
    Cluster::tell(|cluster| {
        serve(cluster, &onnx("file:///m"));
        assert_eq!(condition(cluster, "Ready")[0], "Unknown");
        assert_eq!(
            status(cluster)["modelStatus"]["transitionStatus"],
            "InProgress"
        );
        annotate(cluster, &json!({ "generation": 1, "answers": true }));
        assert_eq!(condition(cluster, "PredictorReady")[0], "True");
        assert_eq!(condition(cluster, "Ready")[0], "True");
        let status = status(cluster);
        assert_eq!(status["servingRuntimeName"], "coracle-onnx");
        assert_eq!(status["url"], "http://digits-team.example.com");
        assert_eq!(status["modelStatus"]["transitionStatus"], "UpToDate");
        for resource in [kind::deployments(), kind::pods()] {
            assert!(cluster.names(resource).is_empty(), "{}", resource.plural);
        }
        let found_by = cluster.object(kind::services(), "digits-predictor");
        let Value::Object(found_by) = found_by else {
            panic!("no object")
        };
        assert_eq!(answered_for(&found_by).as_deref(), Some("digits"));
    });
}

#[test]
fn a_model_that_cannot_be_loaded_says_why_and_whether_an_earlier_one_answers() {
    for (answers, active) in [(false, ""), (true, "Loaded")] {
        Cluster::tell(|cluster| {
            serve(cluster, &onnx("file:///m"));
            let failed = json!({ "generation": 1, "answers": answers, "failure": "no such file" });
            annotate(cluster, &failed);
            let told = ["False", "ModelLoadFailed", "no such file"].map(Value::from);
            assert_eq!(condition(cluster, "Ready"), told);
            let model = &status(cluster)["modelStatus"];
            let failure = json!({ "reason": "ModelLoadFailed", "message": "no such file" });
            assert_eq!(model["lastFailureInfo"], failure);
            assert_eq!(model["transitionStatus"], "BlockedByFailedLoad");
            assert_eq!(
                model["states"],
                json!({ "activeModelState": active, "targetModelState": "FailedToLoad" })
            );
        });
    }
}

#[test]
fn what_was_told_of_an_earlier_generation_does_not_count() {
    Cluster::tell(|cluster| {
        serve(cluster, &onnx("file:///m"));
        annotate(cluster, &json!({ "generation": 1, "answers": true }));
        edit(cluster, |service| {
            service["metadata"]["generation"] = 2.into();
        });
        assert_eq!(condition(cluster, "Ready")[0], "Unknown");
        let states = &status(cluster)["modelStatus"]["states"];
        assert_eq!(
            *states,
            json!({ "activeModelState": "Loaded", "targetModelState": "Loading" })
        );
    });
}

#[test]
fn one_that_comes_to_need_no_pods_loses_them_and_one_that_is_stopped_says_so() {
    Cluster::tell(|cluster| {
        let mut named = onnx("file:///m");
        named["model"]["runtime"] = "kserve-tritonserver".into();
        named["model"]["protocolVersion"] = "v2".into();
        serve(cluster, &named);
        assert_eq!(cluster.names(kind::deployments()), ["digits-predictor"]);
        edit(cluster, |service| {
            service["spec"]["predictor"] = onnx("file:///m");
        });
        assert!(cluster.names(kind::deployments()).is_empty());
        edit(cluster, |service| {
            service["metadata"]["annotations"] = json!({ "serving.kserve.io/stop": "true" });
        });
        assert_eq!(condition(cluster, "Ready")[1], "Stopped");
    });
}
