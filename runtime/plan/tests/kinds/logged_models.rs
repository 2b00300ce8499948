//! What is logged and put together before a server is the workbench's to do, but for a predictor behind a transformer.

use std::time::Duration;

use coracle_objects::kind;
use coracle_objects::kind::inference_service::Component;
use coracle_plan::kind::serving::{Batcher, LoggerMode, batcher, logger};
use serde_json::{Value, json};

use crate::cluster::Cluster;

fn part() -> Value {
    json!({
        "containers": [{ "name": "kserve-container", "image": "mine" }],
        "logger": {
            "url": "http://sink/",
            "mode": "request",
            "metadataHeaders": ["X-Tenant"],
            "metadataAnnotations": ["owner", "missing"],
        },
        "batcher": { "maxBatchSize": 8, "maxLatency": 50 },
    })
}

fn serve(cluster: &mut Cluster, spec: &Value) {
    cluster.make(
        kind::inference_services(),
        json!({ "metadata": { "name": "iris", "annotations": { "owner": "me" } }, "spec": spec }),
    );
    cluster.settle();
}

/// The containers of a part, and the port that its service leads to.
fn made(cluster: &Cluster, part: &str) -> (Vec<String>, Value) {
    let name = format!("iris-{part}");
    let deployment = cluster.object(kind::deployments(), &name);
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
    let names = containers.into_iter().flatten();
    let names = names.map(|container| container["name"].as_str().unwrap().to_owned());
    let service = cluster.object(kind::services(), &name);
    (
        names.collect(),
        service["spec"]["ports"][0]["targetPort"].clone(),
    )
}

#[test]
fn a_part_that_is_asked_from_outside_has_its_server_alone() {
    Cluster::tell(|cluster| {
        serve(cluster, &json!({ "predictor": part() }));
        let server = vec!["kserve-container".to_owned()];
        assert_eq!(made(cluster, "predictor"), (server, 8080.into()));
        let deployment = cluster.object(kind::deployments(), "iris-predictor");
        let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
        for (name, value) in [
            ("logger-sink-url", "http://sink/"),
            ("logger-metadata-headers", "X-Tenant"),
            ("batcher-max-latency", "50"),
        ] {
            assert_eq!(
                annotations[format!("internal.serving.kserve.io/{name}")],
                value
            );
        }
    });
}

#[test]
fn a_predictor_behind_a_transformer_has_the_agent() {
    Cluster::tell(|cluster| {
        serve(
            cluster,
            &json!({ "predictor": part(), "transformer": part() }),
        );
        assert_eq!(made(cluster, "transformer").1, 8080);
        let (containers, port) = made(cluster, "predictor");
        assert_eq!(containers, ["kserve-container", "agent"]);
        assert_eq!(port, 9081);
        let deployment = cluster.object(kind::deployments(), "iris-predictor");
        let agent = &deployment["spec"]["template"]["spec"]["containers"][1];
        let arguments = agent["args"].as_array().unwrap();
        let after = |name: &str| {
            let place = arguments.iter().position(|argument| argument == name);
            arguments[place.unwrap() + 1].clone()
        };
        assert_eq!(after("--log-url"), "http://sink/");
        assert_eq!(after("--metadata-headers"), "X-Tenant");
        assert_eq!(after("--metadata-annotations"), "owner=me");
        assert_eq!(after("--max-latency"), "50");
    });
}

#[test]
fn what_is_not_said_is_as_with_kserve() {
    let service = json!({ "spec": { "predictor": { "logger": {}, "batcher": { "maxLatency": 0 } }, "transformer": {} } });
    let Value::Object(service) = service else {
        unreachable!("it is an object")
    };
    let found = logger(&service, Component::Predictor).unwrap();
    assert_eq!(
        (&*found.sink, found.mode),
        ("http://default-broker", LoggerMode::All)
    );
    let usual = Batcher {
        most: 32,
        latency: Duration::from_secs(5),
    };
    assert_eq!(batcher(&service, Component::Predictor), Some(usual));
    assert_eq!(logger(&service, Component::Transformer), None);
    assert_eq!(batcher(&service, Component::Transformer), None);
}
