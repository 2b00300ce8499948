//! Where the events of a logger go: what a pod of its namespace would reach by the URL of its sink.

use coracle_host::off_runtime;
use coracle_host::post::{PostError, post};
use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::Value;

use crate::workbench::Workbench;

/// What a host and port of a sink's URL mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// A model server here.
    ModelServer {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A service: its pods that are ready.
    Service(Vec<SinkPod>),
    /// Something that is not here.
    Outside,
}

/// A pod of a service, and where that one's port leads in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid: connections to another pod are others.
    pub uid: String,
    /// The port on which it listens.
    pub port: u16,
}

impl Workbench {
    /// What a pod of a namespace would reach by a host and port.
    pub fn sink(&self, namespace: &str, host: &str, port: u16) -> Sink {
        let api = self.kubernetes();
        let whole = host.strip_suffix(".cluster.local").unwrap_or(host);
        let whole = whole.strip_suffix(".svc").unwrap_or(whole);
        let (name, namespace) = whole.split_once('.').unwrap_or((whole, namespace));
        let within = format!("{name}.{namespace}");
        if let Some((namespace, name)) = self
            .model_server_at(host)
            .or_else(|| self.model_server_at(&within))
        {
            return Sink::ModelServer { namespace, name };
        }
        let Some(service) = api.find(kind::services(), namespace, name) else {
            return Sink::Outside;
        };
        let endpoints = api.find(kind::endpoints(), namespace, name);
        let pods = endpoints.map(|endpoints| pods(&service.body, &endpoints.body, port));
        Sink::Service(pods.unwrap_or_default())
    }

    /// Sends something to a URL that leads outside, and says with which code it was answered.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn post(
        &self,
        url: String,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<u16, PostError> {
        off_runtime(move || post(&url, &headers, &body)).await
    }
}

/// The pods behind a port of a service that are ready.
fn pods(service: &Object, endpoints: &Object, port: u16) -> Vec<SinkPod> {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let ports = service.list_at(&["spec", "ports"]);
    let Some(asked) = ports.iter().find(|told| told["port"] == port) else {
        return Vec::new();
    };
    let asked = text(asked, "name");
    let mut all = Vec::new();
    for subset in endpoints.list_at(&["subsets"]) {
        let list = |field: &str| subset[field].as_array().map_or(&[][..], Vec::as_slice);
        let leading = list("ports")
            .iter()
            .find(|port| text(port, "name") == asked);
        let port = leading.and_then(|port| port["port"].as_u64()?.try_into().ok());
        let Some(port) = port else { continue };
        all.extend(list("addresses").iter().map(|address| {
            let pod = &address["targetRef"];
            SinkPod {
                namespace: text(pod, "namespace"),
                name: text(pod, "name"),
                uid: text(pod, "uid"),
                port,
            }
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            other => panic!("no object: {other}"),
        }
    }

    #[test]
    fn the_port_of_a_service_leads_to_its_pods_that_are_ready() {
        let service = object(json!({ "spec": { "ports": [
            { "name": "metrics", "port": 9090 }, { "name": "events", "port": 80 },
        ] } }));
        let pod =
            |name: &str| json!({ "targetRef": { "namespace": "team", "name": name, "uid": name } });
        let endpoints = object(json!({ "subsets": [{
            "addresses": [pod("a"), pod("b")],
            "notReadyAddresses": [pod("c")],
            "ports": [{ "name": "metrics", "port": 9090 }, { "name": "events", "port": 8080 }],
        }] }));
        let found = pods(&service, &endpoints, 80);
        let found: Vec<_> = found.iter().map(|pod| (&*pod.name, pod.port)).collect();
        assert_eq!(found, [("a", 8080), ("b", 8080)]);
        assert_eq!(pods(&service, &endpoints, 8080), []);
    }
}
