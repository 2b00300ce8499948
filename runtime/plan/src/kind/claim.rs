//! Persistent volume claims: bound at once, since a directory of this machine serves every claim; protected while a
//! pod uses them.

use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use super::pod_status::has_ended;
use super::step::{ObjectStep, World};

/// Keeps a claim from going while a pod uses it.
const PROTECTION: &str = "kubernetes.io/pvc-protection";

/// What is to be done for a claim. `has_directory` says whether its directory is there, without which it is not bound.
pub fn reconcile(claim: &Object, has_directory: bool, world: &dyn World) -> Vec<ObjectStep> {
    let claims = kind::persistent_volume_claims();
    if claim.is_being_deleted() {
        let used = world
            .list(kind::pods(), Some(claim.namespace()))
            .iter()
            .any(|pod| uses(pod, claim.name()) && !has_ended(pod));
        if used || !claim.finalizers().contains(&PROTECTION) {
            return Vec::new();
        }
        return vec![ObjectStep::without_finalizer(claims, claim, PROTECTION)];
    }
    if !has_directory {
        return Vec::new();
    }
    if claim.text_at(&["spec", "volumeName"]).is_empty() {
        let mut object = claim.clone();
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
            let volume = format!("pvc-{}", claim.uid());
            spec.insert("volumeName".to_owned(), volume.into());
        }
        return vec![ObjectStep::update(claims, object)];
    }
    let size = claim
        .at(&["spec", "resources", "requests", "storage"])
        .cloned()
        .unwrap_or_default();
    let status = json!({
        "phase": "Bound",
        "accessModes": claim.list_at(&["spec", "accessModes"]),
        "capacity": { "storage": size },
    });
    ObjectStep::status(claims, claim, status)
        .into_iter()
        .collect()
}

/// The claims that a pod uses.
pub fn claims_of(pod: &Object) -> impl Iterator<Item = &str> {
    let volumes = pod.list_at(&["spec", "volumes"]).iter();
    volumes.filter_map(|volume| {
        volume
            .get("persistentVolumeClaim")?
            .get("claimName")?
            .as_str()
    })
}

fn uses(pod: &Object, claim: &str) -> bool {
    claims_of(pod).any(|used| used == claim)
}
