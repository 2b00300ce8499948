//! What the status of a pod says of it.

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _};

/// Whether its condition `Ready` holds.
pub(super) fn is_ready(pod: &Object) -> bool {
    pod.has_condition("Ready")
}

/// Since when it holds, in the pods for which it does.
pub(super) fn ready_since(pod: &Object) -> Option<Timestamp> {
    pod.condition("Ready")?
        .get("lastTransitionTime")?
        .as_str()?
        .parse()
        .ok()
}

/// Whether a container of it has begun.
pub(super) fn has_begun(pod: &Object) -> bool {
    pod.text_at(&["status", "phase"]) == "Running"
}

/// Whether none of its containers will run again.
pub(super) fn has_ended(pod: &Object) -> bool {
    matches!(pod.text_at(&["status", "phase"]), "Succeeded" | "Failed")
}
