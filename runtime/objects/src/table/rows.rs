//! Tables, metadata alone, and lists.

use coracle_model::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::accept::Representation;
use crate::field::{FieldError, FieldPath};
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;
use crate::strategy::Cell;

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
#[derive(Debug)]
pub struct Table<'a, Objects> {
    /// The objects.
    pub objects: Objects,
    /// What they are.
    pub resource: &'a Resource,
    /// The metadata of the list.
    pub listed: &'a Listed,
    /// What a row brings beside its cells.
    pub include: IncludeObject,
    /// The form of what it brings.
    pub representation: Representation,
    /// The time by which ages are told.
    pub now: Timestamp,
}

impl<'a, Objects: Iterator<Item = &'a Object> + Clone> Serialize for Table<'a, Objects> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = self.resource.strategy.columns().iter().map(|column| {
            json!({
                "name": column.name,
                "type": column.kind,
                "format": column.format,
                "description": column.description,
                "priority": column.priority,
            })
        });
        let rows = self.objects.clone().map(|object| Row {
            cells: self.resource.strategy.cells(object, self.now),
            object: match self.include {
                IncludeObject::Metadata => Included::Metadata(Partial {
                    object,
                    representation: self.representation,
                }),
                IncludeObject::None => Included::Nothing,
                IncludeObject::Object => Included::Object(object),
            },
        });
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("kind", "Table")?;
        map.serialize_entry("apiVersion", self.representation.api_version())?;
        map.serialize_entry("metadata", &self.listed.metadata())?;
        map.serialize_entry("columnDefinitions", &columns.collect::<Vec<_>>())?;
        map.serialize_entry("rows", &Each(rows))?;
        map.end()
    }
}

#[derive(Serialize)]
struct Row<'a> {
    cells: Vec<Cell>,
    object: Included<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Included<'a> {
    Metadata(Partial<'a>),
    Nothing,
    Object(&'a Object),
}

/// The metadata of an object: `PartialObjectMetadata`.
#[derive(Debug, Clone, Copy)]
pub struct Partial<'a> {
    /// The object.
    pub object: &'a Object,
    /// The form.
    pub representation: Representation,
}

impl Serialize for Partial<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("kind", "PartialObjectMetadata")?;
        map.serialize_entry("apiVersion", self.representation.api_version())?;
        match self.object.get("metadata") {
            Some(metadata) => map.serialize_entry("metadata", metadata)?,
            None => map.serialize_entry("metadata", &Map::new())?,
        }
        map.end()
    }
}

/// The metadata of objects: `PartialObjectMetadataList`.
#[derive(Debug)]
pub struct PartialList<'a, Objects> {
    /// The objects.
    pub objects: Objects,
    /// The metadata of the list.
    pub listed: &'a Listed,
    /// The form.
    pub representation: Representation,
}

impl<'a, Objects: Iterator<Item = &'a Object> + Clone> Serialize for PartialList<'a, Objects> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let items = self.objects.clone().map(|object| Partial {
            object,
            representation: self.representation,
        });
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("kind", "PartialObjectMetadataList")?;
        map.serialize_entry("apiVersion", self.representation.api_version())?;
        map.serialize_entry("metadata", &self.listed.metadata())?;
        map.serialize_entry("items", &Each(items))?;
        map.end()
    }
}

/// A list of objects as a version of the resource gives it. Items of a built-in kind do not say their `kind` and
/// `apiVersion`; a list of a custom kind says that nothing follows.
#[derive(Debug)]
pub struct List<'a, Objects> {
    /// The objects.
    pub objects: Objects,
    /// What they are.
    pub resource: &'a Resource,
    /// `apiVersion` of the list, and of its items where they say it.
    pub api_version: &'a str,
    /// The metadata of the list.
    pub listed: &'a Listed,
}

impl<'a, Objects: Iterator<Item = &'a Object> + Clone> Serialize for List<'a, Objects> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut metadata = self.listed.metadata();
        if !self.resource.built_in {
            metadata.entry("continue").or_insert_with(|| "".into());
        }
        let api_version = (!self.resource.built_in).then_some(self.api_version);
        let items = self.objects.clone().map(|object| Item {
            object,
            api_version,
        });
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("kind", &format!("{}List", self.resource.kind))?;
        map.serialize_entry("apiVersion", self.api_version)?;
        map.serialize_entry("metadata", &metadata)?;
        map.serialize_entry("items", &Each(items))?;
        map.end()
    }
}

/// An object in a list.
struct Item<'a> {
    object: &'a Object,
    /// What it says to be; none where items do not say it.
    api_version: Option<&'a str>,
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.object {
            match (field.as_str(), self.api_version) {
                ("kind" | "apiVersion", None) => {}
                ("apiVersion", Some(version)) => map.serialize_entry(field, version)?,
                _ => map.serialize_entry(field, value)?,
            }
        }
        map.end()
    }
}

/// What an iterator gives, as a list.
struct Each<Items>(Items);

impl<Items: Iterator<Item: Serialize> + Clone> Serialize for Each<Items> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}
