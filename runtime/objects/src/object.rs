//! What every object has: reading and writing `metadata`.

use coracle_model::Timestamp;
use serde_json::{Map, Value};

/// An API object: JSON as it is stored and sent, with `apiVersion`, `kind` and `metadata`.
pub type Object = Map<String, Value>;

/// An entry of `metadata.ownerReferences`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerReference {
    /// The owner's `apiVersion`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Whether it is the controller of the object.
    pub controller: bool,
    /// Whether the owner's deletion in the foreground waits for this object.
    pub block_owner_deletion: bool,
}

/// Reading and writing what every object has. What is absent or of a wrong type reads as empty.
pub trait ObjectExt {
    /// `metadata`, when it is a map.
    fn metadata(&self) -> Option<&Map<String, Value>>;
    /// `metadata`, made when it is not there.
    fn metadata_mut(&mut self) -> &mut Map<String, Value>;
    /// `apiVersion`.
    fn api_version(&self) -> &str;
    /// `kind`.
    fn kind(&self) -> &str;
    /// A text of `metadata`.
    fn meta(&self, field: &str) -> &str;
    /// `metadata.name`.
    fn name(&self) -> &str {
        self.meta("name")
    }
    /// `metadata.namespace`; empty for what belongs to no namespace.
    fn namespace(&self) -> &str {
        self.meta("namespace")
    }
    /// `metadata.uid`.
    fn uid(&self) -> &str {
        self.meta("uid")
    }
    /// `metadata.resourceVersion`.
    fn resource_version(&self) -> &str {
        self.meta("resourceVersion")
    }
    /// `metadata.generation`; 0 when there is none.
    fn generation(&self) -> i64;
    /// A label's value.
    fn label(&self, key: &str) -> Option<&str>;
    /// An annotation's value.
    fn annotation(&self, key: &str) -> Option<&str>;
    /// `metadata.finalizers`.
    fn finalizers(&self) -> Vec<&str>;
    /// `metadata.ownerReferences`, those that are whole.
    fn owner_references(&self) -> Vec<OwnerReference>;
    /// The owner whose `controller` is true.
    fn controller(&self) -> Option<OwnerReference> {
        self.owner_references()
            .into_iter()
            .find(|owner| owner.controller)
    }
    /// `metadata.creationTimestamp`.
    fn created_at(&self) -> Option<Timestamp>;
    /// `metadata.deletionTimestamp`: when it will be, or was to be, gone.
    fn deletion_timestamp(&self) -> Option<Timestamp>;
    /// Whether its deletion was asked for.
    fn is_being_deleted(&self) -> bool {
        !self.meta("deletionTimestamp").is_empty()
    }
    /// The value at a path of field names; none when a step is not there.
    fn at(&self, path: &[&str]) -> Option<&Value>;
    /// The text at a path; empty when there is none.
    fn text_at(&self, path: &[&str]) -> &str {
        self.at(path).and_then(Value::as_str).unwrap_or_default()
    }
    /// The list at a path; empty when there is none.
    fn list_at(&self, path: &[&str]) -> &[Value] {
        self.at(path)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }
    /// The condition of a type in its status.
    fn condition(&self, kind: &str) -> Option<&Value> {
        let conditions = self.list_at(&["status", "conditions"]);
        conditions
            .iter()
            .find(|condition| condition["type"] == kind)
    }
    /// Whether the condition of a type holds.
    fn has_condition(&self, kind: &str) -> bool {
        self.condition(kind)
            .is_some_and(|condition| condition["status"] == "True")
    }
}

impl ObjectExt for Object {
    fn metadata(&self) -> Option<&Map<String, Value>> {
        self.get("metadata").and_then(Value::as_object)
    }

    fn metadata_mut(&mut self) -> &mut Map<String, Value> {
        let metadata = self.entry("metadata").or_insert_with(|| Self::new().into());
        if !metadata.is_object() {
            *metadata = Self::new().into();
        }
        metadata
            .as_object_mut()
            .expect("it was just made a map where it was none")
    }

    fn api_version(&self) -> &str {
        text(self, "apiVersion")
    }

    fn kind(&self) -> &str {
        text(self, "kind")
    }

    fn meta(&self, field: &str) -> &str {
        self.metadata().map_or("", |metadata| text(metadata, field))
    }

    fn generation(&self) -> i64 {
        let generation = self.at(&["metadata", "generation"]);
        generation.and_then(Value::as_i64).unwrap_or_default()
    }

    fn label(&self, key: &str) -> Option<&str> {
        self.at(&["metadata", "labels", key])?.as_str()
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.at(&["metadata", "annotations", key])?.as_str()
    }

    fn finalizers(&self) -> Vec<&str> {
        let finalizers = self.list_at(&["metadata", "finalizers"]);
        finalizers.iter().filter_map(Value::as_str).collect()
    }

    fn owner_references(&self) -> Vec<OwnerReference> {
        let owners = self.list_at(&["metadata", "ownerReferences"]);
        owners.iter().filter_map(owner).collect()
    }

    fn created_at(&self) -> Option<Timestamp> {
        self.meta("creationTimestamp").parse().ok()
    }

    fn deletion_timestamp(&self) -> Option<Timestamp> {
        self.meta("deletionTimestamp").parse().ok()
    }

    fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        let mut value = self.get(*first)?;
        for step in rest {
            value = value.get(step)?;
        }
        Some(value)
    }
}

fn owner(value: &Value) -> Option<OwnerReference> {
    let fields = value.as_object()?;
    let flag = |name| fields.get(name).and_then(Value::as_bool).unwrap_or(false);
    Some(OwnerReference {
        api_version: fields.get("apiVersion")?.as_str()?.to_owned(),
        kind: fields.get("kind")?.as_str()?.to_owned(),
        name: fields.get("name")?.as_str()?.to_owned(),
        uid: fields.get("uid")?.as_str()?.to_owned(),
        controller: flag("controller"),
        block_owner_deletion: flag("blockOwnerDeletion"),
    })
}

fn text<'map>(map: &'map Map<String, Value>, field: &str) -> &'map str {
    map.get(field).and_then(Value::as_str).unwrap_or_default()
}
