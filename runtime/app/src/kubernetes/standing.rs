//! What is there before anybody made anything: namespaces, with what each namespace has from its beginning.

use coracle_apiserver::{ApiServer, Place};
use coracle_objects::{Object, Reason, Status, kind};
use serde_json::{Value, json};

/// The namespaces that are always there: kubectl's own, Kubeflow's, and those that tools look into.
const NAMESPACES: [&str; 4] = ["default", "kubeflow", "kube-public", "kube-system"];

/// Who made it, in `managedFields`.
const MANAGER: &str = "coracle";

/// Makes what is missing of it.
///
/// # Errors
/// What the store said.
pub(crate) fn stand(api: &ApiServer) -> Result<(), Status> {
    for namespace in NAMESPACES {
        let body = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": namespace },
        });
        make(api, &Place::of(kind::namespaces(), "", ""), body)?;
    }
    Ok(())
}

fn make(api: &ApiServer, place: &Place<'_>, body: Value) -> Result<(), Status> {
    let Value::Object(object) = body else {
        return Ok(());
    };
    let object: Object = object;
    match api.create_object(place, object, MANAGER) {
        Err(status) if status.reason == Reason::AlreadyExists => Ok(()),
        answer => answer.map(|_| ()),
    }
}
