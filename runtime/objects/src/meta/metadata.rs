//! What a server puts into `metadata` and what it lets a client put there.

use coracle_model::Timestamp;

use crate::field::FieldError;
use crate::object::{Object, ObjectExt as _};
use crate::resource::Resource;
use crate::status::Status;

/// What a new object gets.
#[derive(Debug, Clone, Copy)]
pub struct NewObject<'a> {
    /// The namespace of the path; empty for what belongs to none.
    pub namespace: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// The time of the request.
    pub now: Timestamp,
    /// Chance for a generated name.
    pub random: [u32; 5],
}

/// Fills in what the server decides, and drops what a client may not set.
///
/// # Errors
/// 400 when the object names another namespace than the path.
pub fn prepare_for_create(object: &mut Object, new: &NewObject<'_>) -> Result<(), Status> {
    let metadata = object.metadata_mut();
    metadata.insert("uid".to_owned(), new.uid.into());
    metadata.insert("creationTimestamp".to_owned(), new.now.to_string().into());
    Ok(())
}

/// What is wrong with the metadata of an object that is made.
pub fn validate(object: &Object, resource: &Resource) -> Vec<FieldError> {
    let _ = (object, resource);
    Vec::new()
}

/// Carries over from the stored object what a client need not send or may not change.
///
/// # Errors
/// 400 when the name or namespace is not the path's.
pub fn prepare_for_update(new: &mut Object, old: &Object) -> Result<(), Status> {
    let _ = (new, old);
    Ok(())
}

/// What is wrong with the metadata of a changed object.
pub fn validate_update(new: &Object, old: &Object, resource: &Resource) -> Vec<FieldError> {
    let _ = (new, old, resource);
    Vec::new()
}
