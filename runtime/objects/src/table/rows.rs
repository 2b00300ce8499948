//! Tables, metadata alone, and lists.

use coracle_model::Timestamp;
use serde_json::{Map, Value, json};

use super::accept::Representation;
use crate::field::{FieldError, FieldPath};
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
        match word.unwrap_or_default() {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            other => {
                let detail = "must be 'Metadata', 'Object', 'None', or empty";
                let error = FieldError::invalid(FieldPath::new("includeObject"), other, detail);
                Err(Status::bad_request(format!(
                    "Unable to convert to Table as requested: {error}"
                )))
            }
        }
    }
}

/// The metadata of a list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The version of the store when it was read; of a table of one object, the object's.
    pub resource_version: String,
    /// The token of the next page; empty at the end.
    pub continue_token: String,
    /// How many follow, when that is known: not where a selector chose.
    pub remaining_item_count: Option<u64>,
}

impl Listed {
    fn metadata(&self) -> Map<String, Value> {
        let mut metadata = Map::new();
        if !self.resource_version.is_empty() {
            metadata.insert(
                "resourceVersion".to_owned(),
                self.resource_version.as_str().into(),
            );
        }
        if !self.continue_token.is_empty() {
            metadata.insert("continue".to_owned(), self.continue_token.as_str().into());
        }
        if let Some(count) = self.remaining_item_count {
            metadata.insert("remainingItemCount".to_owned(), count.into());
        }
        metadata
    }
}

/// A `Table` of objects.
pub fn table(
    objects: &[Object],
    resource: &Resource,
    listed: &Listed,
    include: IncludeObject,
    representation: Representation,
    now: Timestamp,
) -> Value {
    let columns = resource.strategy.columns().iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.kind,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
        })
    });
    let rows = objects.iter().map(|object| {
        let shown = match include {
            IncludeObject::Metadata => partial(object, representation),
            IncludeObject::None => Value::Null,
            IncludeObject::Object => Value::Object(object.clone()),
        };
        json!({"cells": resource.strategy.cells(object, now), "object": shown})
    });
    json!({
        "kind": "Table",
        "apiVersion": representation.api_version(),
        "metadata": listed.metadata(),
        "columnDefinitions": columns.collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// The metadata of an object.
pub fn partial(object: &Object, representation: Representation) -> Value {
    let metadata = object.get("metadata").cloned();
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": representation.api_version(),
        "metadata": metadata.unwrap_or_else(|| Map::new().into()),
    })
}

/// The metadata of objects.
pub fn partial_list(objects: &[Object], listed: &Listed, representation: Representation) -> Value {
    let items = objects.iter().map(|object| partial(object, representation));
    json!({
        "kind": "PartialObjectMetadataList",
        "apiVersion": representation.api_version(),
        "metadata": listed.metadata(),
        "items": items.collect::<Vec<_>>(),
    })
}

/// A list of objects as a version of the resource gives it. Items of a built-in kind do not say their `kind` and
/// `apiVersion`; a list of a custom kind says that nothing follows.
pub fn list(objects: &[Object], resource: &Resource, api_version: &str, listed: &Listed) -> Value {
    let mut metadata = listed.metadata();
    let items = objects.iter().map(|object| {
        let mut item = object.clone();
        if resource.built_in {
            item.remove("kind");
            item.remove("apiVersion");
        }
        Value::Object(item)
    });
    let items: Vec<_> = items.collect();
    if !resource.built_in {
        metadata.entry("continue").or_insert_with(|| "".into());
    }
    json!({
        "kind": format!("{}List", resource.kind),
        "apiVersion": api_version,
        "metadata": metadata,
        "items": items,
    })
}
