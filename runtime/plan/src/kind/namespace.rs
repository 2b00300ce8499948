//! Namespaces: what each has from its beginning, and how one goes.
//!
//! ```text
//!   made ──► its service accounts, config map `kube-root-ca.crt`
//!   deleted ──► everything in it is deleted ──► nothing is left ──► the finalizer goes, and with it the namespace
//! ```

use coracle_objects::{Object, ObjectExt as _, Scope, kind};
use serde_json::json;

use super::step::{ObjectStep, World};

/// The finalizer in a namespace's `spec`.
const FINALIZER: &str = "kubernetes";

/// The config map that every namespace has by itself.
pub const ROOT_CERTIFICATES: &str = "kube-root-ca.crt";

/// What is to be done for a namespace.
pub fn reconcile(namespace: &Object, world: &dyn World) -> Vec<ObjectStep> {
    if namespace.is_being_deleted() {
        return empty(namespace, world);
    }
    let name = namespace.name();
    let mut steps = Vec::new();
    for account in kind::service_account::STANDING {
        if world.get(kind::service_accounts(), name, account).is_none() {
            steps.push(ObjectStep::create(
                kind::service_accounts(),
                json!({
                    "apiVersion": "v1",
                    "kind": "ServiceAccount",
                    "metadata": { "name": account, "namespace": name },
                }),
            ));
        }
    }
    if world
        .get(kind::config_maps(), name, ROOT_CERTIFICATES)
        .is_none()
    {
        steps.push(ObjectStep::create(
            kind::config_maps(),
            json!({
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": { "name": ROOT_CERTIFICATES, "namespace": name },
                // Pods look for the file; the API is spoken to without TLS here.
                "data": { "ca.crt": "" },
            }),
        ));
    }
    steps
}

fn empty(namespace: &Object, world: &dyn World) -> Vec<ObjectStep> {
    let mut left = false;
    let mut steps = Vec::new();
    let stored = kind::resources()
        .iter()
        .copied()
        .filter(|resource| resource.scope == Scope::Namespaced);
    for resource in stored {
        for object in world.list(resource, Some(namespace.name())) {
            left = true;
            if !object.is_being_deleted() {
                steps.push(ObjectStep::delete(resource, &object));
            }
        }
    }
    if left {
        return steps;
    }
    let finalizers = namespace.list_at(&["spec", "finalizers"]);
    let others: Vec<_> = finalizers
        .iter()
        .filter(|finalizer| *finalizer != FINALIZER)
        .cloned()
        .collect();
    if others.len() < finalizers.len() {
        let mut object = namespace.clone();
        object.insert("spec".to_owned(), json!({ "finalizers": others }));
        steps.push(ObjectStep::Update {
            resource: kind::namespaces(),
            object,
            subresource: "finalize",
        });
    }
    steps
}
