//! How pods find what the workbench answers for itself: a service that selects none of them leads there.

use coracle_objects::{Object, ObjectExt as _};
use serde_json::{Value, json};

use crate::kind::step::controlled_by;

/// The service of that name by which pods find a model server or a graph, with the label that names those.
pub(super) fn service(owner: &Object, name: &str, label: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": owner.namespace(),
            "labels": { label: owner.name() },
            "annotations": {},
            "ownerReferences": controlled_by(owner),
        },
        // One that led to pods before leads to none any more.
        "spec": {
            "type": "ClusterIP",
            "selector": {},
            "ports": [{ "name": "http", "port": 80, "targetPort": 80, "protocol": "TCP" }],
        },
    })
}

/// Where pods ask it.
pub(super) fn address(owner: &Object, name: &str) -> Value {
    let namespace = owner.namespace();
    json!({ "url": format!("http://{name}.{namespace}.svc.cluster.local") })
}
