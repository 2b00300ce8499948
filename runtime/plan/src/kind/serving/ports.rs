//! The ports of a part: that on which it is asked whether it is ready, and those of its service.

use coracle_objects::kind::inference_service::{SERVER, TRANSFORMER};
use serde_json::{Map, Value, json};

use super::agent;

/// The port of a server that names none.
const DEFAULT: u64 = 8080;

/// The port of services that speak HTTP.
const HTTP: u64 = 80;

fn ports(container: &Value) -> &[Value] {
    container
        .get("ports")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn first(container: &Value) -> u64 {
    let port = ports(container)
        .first()
        .and_then(|port| port.get("containerPort")?.as_u64());
    port.unwrap_or(DEFAULT)
}

/// The port on which a part's server listens.
pub(super) fn of_server(pod: &Map<String, Value>) -> u64 {
    let containers = pod.get("containers").and_then(Value::as_array);
    let server = containers
        .into_iter()
        .flatten()
        .find(|container| container["name"] == SERVER);
    server.map_or(DEFAULT, first)
}

/// Asks servers that say nothing of it whether a connection can be made.
pub(super) fn set_probes(pod: &mut Map<String, Value>) {
    let containers = pod.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        let is_server = container["name"] == SERVER || container["name"] == TRANSFORMER;
        if is_server && container.get("readinessProbe").is_none_or(Value::is_null) {
            container["readinessProbe"] = json!({
                "tcpSocket": { "port": first(container) },
                "timeoutSeconds": 1,
                "periodSeconds": 10,
                "successThreshold": 1,
                "failureThreshold": 3,
            });
        }
    }
}

/// The ports of a part's service.
pub(super) fn of_service(name: &str, pod: &Map<String, Value>, has_agent: bool) -> Vec<Value> {
    let containers = pod
        .get("containers")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let is_transformer = |container: &&Value| container["name"] == TRANSFORMER;
    let Some(answering) = containers
        .iter()
        .find(is_transformer)
        .or(containers.first())
    else {
        return Vec::new();
    };
    let named = ports(answering);
    let mut told: Vec<Value> = named
        .iter()
        .enumerate()
        .map(|(number, port)| {
            let target = port
                .get("containerPort")
                .and_then(Value::as_u64)
                .unwrap_or(DEFAULT);
            let mut told = json!({
                "port": if number == 0 { HTTP } else { target },
                "targetPort": target,
                "protocol": port.get("protocol").cloned().unwrap_or_else(|| "TCP".into()),
            });
            if let Some(name) = port.get("name") {
                told["name"] = name.clone();
            }
            told
        })
        .collect();
    if told.is_empty() {
        told.push(json!({ "name": name, "port": HTTP, "targetPort": DEFAULT, "protocol": "TCP" }));
    }
    if has_agent {
        told[0]["targetPort"] = agent::PORT.into();
    }
    told
}
