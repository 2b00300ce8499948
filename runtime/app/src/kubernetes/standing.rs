//! What is there before anybody made anything: namespaces, with what each has from its beginning, definitions of the custom
//! kinds, runtimes of model servers.

use coracle_apiserver::{ApiServer, Place};
use coracle_objects::{Object, ObjectExt as _, Reason, Status, kind};
use coracle_plan::kind::serving::shipped_runtimes;
use serde_json::{Value, json};

/// The namespaces that are always there: kubectl's own, Kubeflow's, and those that tools look into.
const NAMESPACES: [&str; 4] = ["default", "kubeflow", "kube-public", "kube-system"];

/// Who writes what the workbench makes by itself or is asked for by its own API, in `managedFields`.
pub(crate) const MANAGER: &str = "coracle";

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
    for runtime in shipped_runtimes() {
        let place = Place::of(kind::cluster_serving_runtimes(), "", "");
        make(api, &place, Value::Object(runtime))?;
    }
    for definition in kind::custom_resource_definitions(api.now()) {
        stand_definition(api, &definition)?;
    }
    Ok(())
}

/// A definition as this version has it; an older version may have left another.
fn stand_definition(api: &ApiServer, definition: &Object) -> Result<(), Status> {
    let definitions = kind::definitions();
    let place = Place::of(definitions, "", definition.name());
    match api.find(definitions, "", definition.name()) {
        None => api.create_object(&place, definition, MANAGER)?,
        // Some are large, and hardly ever another.
        Some(stands) if stands.body.get("spec") == definition.get("spec") => stands,
        Some(stands) => {
            let mut object = stands.body.clone();
            for field in ["spec", "status"] {
                object.extend(
                    definition
                        .get(field)
                        .map(|value| (field.to_owned(), value.clone())),
                );
            }
            api.update_object(&place, &object, MANAGER)?
        }
    };
    Ok(())
}

fn make(api: &ApiServer, place: &Place<'_>, body: Value) -> Result<(), Status> {
    let Value::Object(object) = body else {
        return Ok(());
    };
    let object: Object = object;
    if api.find(place.resource, "", object.name()).is_some() {
        return Ok(());
    }
    match api.create_object(place, &object, MANAGER) {
        Err(status) if status.reason == Reason::AlreadyExists => Ok(()),
        answer => answer.map(|_| ()),
    }
}
