//! What is the same for all kinds that a custom resource definition describes.

use crate::object::{Object, ObjectExt};

/// The status of a custom kind is all that its part `status` changes; who manages it, beside.
pub(super) fn keep_all_but_status(new: &mut Object, old: &Object) {
    let status = new.remove("status");
    let managers = new.metadata_mut().remove("managedFields");
    let version = new.metadata_mut().remove("resourceVersion");
    *new = old.clone();
    match status {
        Some(status) => new.insert("status".to_owned(), status),
        None => new.remove("status"),
    };
    for (field, value) in [("managedFields", managers), ("resourceVersion", version)] {
        if let Some(value) = value {
            new.metadata_mut().insert(field.to_owned(), value);
        }
    }
}
