//! The container that stands before a server and logs or batches what it is asked, where the workbench does not (`before.rs`).

use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _};
use serde_json::{Map, Value, json};

use super::before::logger;
use super::ports;

/// The port on which it listens.
pub(super) const PORT: u64 = 9081;

const IMAGE: &str = "kserve/agent:v0.16.0";

/// What stands in annotations of how a part logs and batches, whoever does it.
pub(super) fn annotations(part: &Map<String, Value>) -> Map<String, Value> {
    let mut told = Map::new();
    let mut tell = |field: &str, value: String| {
        told.insert(format!("internal.serving.kserve.io/{field}"), value.into());
    };
    if let Some(logger) = part.get("logger").and_then(Value::as_object) {
        tell("logger", "true".to_owned());
        for (field, annotation) in [("url", "logger-sink-url"), ("mode", "logger-mode")] {
            if let Some(value) = logger.get(field).and_then(Value::as_str) {
                tell(annotation, value.to_owned());
            }
        }
        for (field, annotation) in [
            ("metadataHeaders", "logger-metadata-headers"),
            ("metadataAnnotations", "logger-metadata-annotations"),
        ] {
            if let Some(names) = logger.get(field).and_then(Value::as_array) {
                let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
                tell(annotation, names.join(","));
            }
        }
    }
    if let Some(batcher) = part.get("batcher").and_then(Value::as_object) {
        tell("batcher", "true".to_owned());
        for (field, annotation) in [
            ("maxBatchSize", "batcher-max-batchsize"),
            ("maxLatency", "batcher-max-latency"),
        ] {
            if let Some(value) = batcher.get(field).and_then(Value::as_i64) {
                tell(annotation, value.to_string());
            }
        }
    }
    told
}

/// Puts it into a pod.
pub(super) fn add(
    service: &Object,
    component: Component,
    part: &Map<String, Value>,
    pod: &mut Map<String, Value>,
) {
    let mut arguments: Vec<String> = Vec::new();
    let mut say = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    if let Some(batcher) = part.get("batcher").and_then(Value::as_object) {
        say(&["--enable-batcher"]);
        for (field, argument) in [
            ("maxBatchSize", "--max-batchsize"),
            ("maxLatency", "--max-latency"),
        ] {
            if let Some(value) = batcher.get(field).and_then(Value::as_i64) {
                say(&[argument, &value.to_string()]);
            }
        }
    }
    if let Some(logger) = logger(service, component) {
        say(&[
            "--log-url",
            &logger.sink,
            "--source-uri",
            "",
            "--log-mode",
            logger.mode.as_str(),
        ]);
        say(&[
            "--inference-service",
            service.name(),
            "--namespace",
            service.namespace(),
        ]);
        say(&["--endpoint", "", "--component", component.as_str()]);
        if !logger.headers.is_empty() {
            say(&["--metadata-headers", &logger.headers.join(",")]);
        }
        if !logger.annotations.is_empty() {
            let pairs = logger.annotations.iter();
            let pairs: Vec<_> = pairs
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            say(&["--metadata-annotations", &pairs.join(",")]);
        }
        say(&["--logger-tls-skip-verify", "false"]);
    }
    let port = ports::of_server(pod);
    say(&["--component-port", &port.to_string()]);
    let probed = format!(
        "{{\"tcpSocket\":{{\"port\":{port}}},\"timeoutSeconds\":1,\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3}}"
    );
    let server_security = pod
        .get("containers")
        .and_then(|containers| containers.get(0)?.get("securityContext"))
        .cloned();
    let mut agent = json!({
        "name": "agent",
        "image": IMAGE,
        "args": arguments,
        "env": [{ "name": "SERVING_READINESS_PROBE", "value": probed }],
        "ports": [{ "name": "agent-port", "containerPort": PORT, "protocol": "TCP" }],
        "readinessProbe": {
            "httpGet": {
                "path": "/",
                "port": PORT,
                "scheme": "HTTP",
                "httpHeaders": [{ "name": "K-Network-Probe", "value": "queue" }],
            },
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        },
        "resources": {
            "limits": { "cpu": "1", "memory": "1Gi" },
            "requests": { "cpu": "100m", "memory": "100Mi" },
        },
    });
    if let Some(security) = server_security {
        agent["securityContext"] = security;
    }
    if let Some(containers) = pod.get_mut("containers").and_then(Value::as_array_mut) {
        containers.push(agent);
    }
}
