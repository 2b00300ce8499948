//! Services: which pods each leads to, and what stands for it on the network of its namespace.
//!
//! ```text
//!   Service, pods ──select──► those that are ready, with their ports ──► Endpoints, to read
//!                                                                   └──► a forwarder's routes
//! ```
//!
//! A service with an address has a forwarder of its own, which has the service's names. One without (`clusterIP: None`)
//! has nothing: its names are its pods' own. That of a model server or a graph without pods leads to the workbench.

mod endpoints;
mod forwarder;
mod selection;
#[cfg(test)]
mod tests;

use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::Value;

pub use endpoints::reconcile_endpoints;
pub use forwarder::{Forwarder, ServiceUid, forwarder, is_forwarded};

/// The names under which pods of a namespace find a service of that namespace, or a pod of a service.
pub fn names(name: &str, namespace: &str) -> [String; 4] {
    [
        name.to_owned(),
        format!("{name}.{namespace}"),
        format!("{name}.{namespace}.svc"),
        format!("{name}.{namespace}.svc.cluster.local"),
    ]
}

/// Whether a service leads to a pod, once that is ready. A service without a selector leads to none.
pub fn selects(service: &Object, pod: &Object) -> bool {
    let mut wanted = selector(service).peekable();
    wanted.peek().is_some() && wanted.all(|(label, value)| pod.label(label) == value.as_str())
}

/// The model server or graph for which the workbench answers whoever asks a service: what controls it, where it selects no pods.
pub fn answered_for(service: &Object) -> Option<String> {
    let controller = service
        .controller()
        .filter(|_| selector(service).next().is_none())?;
    let owner = kind::find_kind(&controller.api_version, &controller.kind)?;
    let is_model = [kind::inference_services(), kind::inference_graphs()]
        .into_iter()
        .any(|kind| std::ptr::eq(kind, owner));
    is_model.then_some(controller.name)
}

fn selector(service: &Object) -> impl Iterator<Item = (&String, &Value)> {
    let selector = service.at(&["spec", "selector"]).and_then(Value::as_object);
    selector.into_iter().flatten()
}
