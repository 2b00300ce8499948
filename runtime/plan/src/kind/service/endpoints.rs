//! `Endpoints`: what services lead to, for those who read.

use std::collections::BTreeMap;

use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Map, Value, json};

use super::super::step::{ObjectStep, World, same_json};
use super::selection::{Selected, SelectedPort, selected};
use super::selector;

/// The label that says who writes them.
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";

/// What is to be done for the endpoints of a namespace: each service that selects pods has some, by its name.
pub fn reconcile_endpoints(namespace: &Object, world: &dyn World) -> Vec<ObjectStep> {
    let namespace = namespace.name();
    let pods = world.list(kind::pods(), Some(namespace));
    let services = world.list(kind::services(), Some(namespace));
    let selecting = |service: &&std::sync::Arc<Object>| {
        selector(service).next().is_some() && !service.is_being_deleted()
    };
    let services: Vec<_> = services.iter().filter(selecting).collect();
    let mut steps = Vec::new();
    for service in &services {
        let pods = pods.iter().map(AsRef::as_ref);
        steps.extend(reconcile(
            service,
            &subsets(&selected(service, pods)),
            world,
        ));
    }
    let endpoints = world.list(kind::endpoints(), Some(namespace));
    let of_none = endpoints.iter().filter(|found| {
        services
            .iter()
            .all(|service| service.name() != found.name())
    });
    steps.extend(of_none.map(|found| ObjectStep::delete(kind::endpoints(), found)));
    steps
}

fn reconcile(service: &Object, subsets: &Value, world: &dyn World) -> Option<ObjectStep> {
    let endpoints = kind::endpoints();
    let mut labels = service
        .at(&["metadata", "labels"])
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    labels.insert(MANAGED_BY.to_owned(), MANAGER.into());
    let Some(found) = world.get(endpoints, service.namespace(), service.name()) else {
        let object = json!({
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {
                "name": service.name(),
                "namespace": service.namespace(),
                "labels": labels,
            },
            "subsets": subsets,
        });
        return Some(ObjectStep::create(endpoints, object));
    };
    let stands = found.get("subsets").unwrap_or(&Value::Null);
    let labels = Value::from(labels);
    let labelled = found.at(&["metadata", "labels"]) == Some(&labels);
    if labelled && same_json(stands, subsets) {
        return None;
    }
    let mut object = Object::clone(&found);
    object.metadata_mut().insert("labels".to_owned(), labels);
    object.insert("subsets".to_owned(), subsets.clone());
    Some(ObjectStep::update(endpoints, object))
}

/// The pods with the same ports are one subset.
fn subsets(pods: &[Selected<'_>]) -> Value {
    let mut by_ports: BTreeMap<&[SelectedPort<'_>], Vec<&Selected<'_>>> = BTreeMap::new();
    for pod in pods {
        by_ports.entry(&pod.ports).or_default().push(pod);
    }
    let subset = |(ports, pods): (&[SelectedPort<'_>], Vec<&Selected<'_>>)| {
        let mut subset = Map::new();
        for (field, is_ready) in [("addresses", true), ("notReadyAddresses", false)] {
            let pods = pods.iter().filter(|pod| pod.is_ready == is_ready);
            let addresses: Vec<Value> = pods.map(|pod| address(pod)).collect();
            if !addresses.is_empty() {
                subset.insert(field.to_owned(), addresses.into());
            }
        }
        subset.insert("ports".to_owned(), ports.iter().map(port).collect());
        Value::from(subset)
    };
    by_ports.into_iter().map(subset).collect()
}

fn address(selected: &Selected<'_>) -> Value {
    let pod = selected.pod;
    json!({
        "ip": selected.address.to_string(),
        "nodeName": pod.text_at(&["spec", "nodeName"]),
        "targetRef": {
            "kind": "Pod",
            "namespace": pod.namespace(),
            "name": pod.name(),
            "uid": pod.uid(),
        },
    })
}

fn port(port: &SelectedPort<'_>) -> Value {
    let mut written = json!({ "port": port.target, "protocol": port.protocol });
    if !port.name.is_empty() {
        written["name"] = port.name.into();
    }
    written
}
