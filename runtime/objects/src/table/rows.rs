//! Tables, metadata alone, and lists.

use coracle_model::Timestamp;
use serde_json::{Value, json};

use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;

/// What a row of a table brings beside its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncludeObject {
    /// The object's metadata.
    #[default]
    Metadata,
    /// Nothing.
    None,
    /// The object.
    Object,
}

impl IncludeObject {
    /// Reads `includeObject` of the query.
    ///
    /// # Errors
    /// 400 for another word.
    pub fn parse(word: Option<&str>) -> Result<Self, Status> {
        match word {
            Some("None") => Ok(Self::None),
            Some("Object") => Ok(Self::Object),
            _ => Ok(Self::Metadata),
        }
    }
}

/// The metadata of a list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The version of the store when it was read.
    pub resource_version: String,
    /// The token of the next page; empty at the end.
    pub continue_token: String,
    /// How many follow, when that is known.
    pub remaining_item_count: Option<u64>,
}

/// A `Table` of objects.
pub fn table(
    objects: &[Object],
    resource: &Resource,
    listed: &Listed,
    include: IncludeObject,
    now: Timestamp,
) -> Value {
    let _ = (objects, resource, include, now);
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": listed.resource_version}})
}

/// The metadata of an object.
pub fn partial(object: &Object) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.get("metadata")})
}

/// The metadata of objects.
pub fn partial_list(objects: &[Object], listed: &Listed) -> Value {
    let items: Vec<_> = objects.iter().map(partial).collect();
    json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": listed.resource_version}, "items": items})
}

/// A list of objects as the resource's version gives it: of a built-in kind the items say no `kind` and `apiVersion`.
pub fn list(objects: &[Object], resource: &Resource, version: &str, listed: &Listed) -> Value {
    let _ = version;
    json!({"kind": format!("{}List", resource.kind), "items": objects, "metadata": {"resourceVersion": listed.resource_version}})
}
