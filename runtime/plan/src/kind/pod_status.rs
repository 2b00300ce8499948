//! What the status of a pod says of it.

use coracle_objects::{Object, ObjectExt as _};

/// Whether its condition `Ready` holds.
pub(super) fn is_ready(pod: &Object) -> bool {
    pod.list_at(&["status", "conditions"])
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// Whether none of its containers will run again.
pub(super) fn has_ended(pod: &Object) -> bool {
    matches!(pod.text_at(&["status", "phase"]), "Succeeded" | "Failed")
}
