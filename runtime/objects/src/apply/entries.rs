//! `metadata.managedFields`: who manages what, since when.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fields_v1;
use super::manager::Manager;
use super::set::FieldSet;
use crate::api_version;
use crate::meta::time;
use crate::object::{Object, ObjectExt as _};

/// How many managers that update are told apart; the oldest are put together.
const MOST_UPDATERS: usize = 10;

/// The manager that the oldest are put together as.
const OLDEST: &str = "ancient-changes";

/// By what a manager's entry is told apart. One that applies has a single entry, of whatever version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) applies: bool,
    pub(super) name: String,
    /// Empty for one that applies.
    pub(super) api_version: String,
    pub(super) subresource: String,
}

/// What a manager has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) api_version: String,
    /// When it last changed something; none when it never did.
    pub(super) time: Option<String>,
    pub(super) fields: FieldSet,
}

/// The managers of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Entries(pub(super) BTreeMap<Id, Entry>);

impl Id {
    pub(super) fn of(manager: &Manager<'_>, api_version: &str, applies: bool) -> Self {
        let name = if manager.name.is_empty() {
            "unknown"
        } else {
            manager.name
        };
        Self {
            applies,
            name: name.to_owned(),
            api_version: if applies {
                String::new()
            } else {
                api_version.to_owned()
            },
            subresource: manager.subresource.to_owned(),
        }
    }

    /// As a conflict names it: `"kubectl" with subresource "status" using v1`.
    pub(super) fn told(&self) -> String {
        let mut told = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            told = format!("{told} with subresource {:?}", self.subresource);
        }
        if !self.applies {
            told = format!("{told} using {}", self.api_version);
        }
        told
    }
}

impl Entries {
    /// Those of an object; none where they cannot be read.
    pub(super) fn of(object: &Object) -> Self {
        let list = object.list_at(&["metadata", "managedFields"]);
        let entries: Option<BTreeMap<_, _>> = list.iter().map(read).collect();
        Self(entries.unwrap_or_default())
    }

    /// Drops those of other groups, whose versions nobody knows here.
    pub(super) fn keep_group(&mut self, group: &str) {
        self.0.retain(|_, entry| {
            let (own, _) = api_version::split(&entry.api_version);
            own == group
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What all managers have.
    pub(super) fn all_fields(&self) -> FieldSet {
        let entries = self.0.values();
        entries.fold(FieldSet::default(), |all, entry| all.union(&entry.fields))
    }

    /// Changes what a manager has; one that has nothing left goes.
    pub(super) fn set(&mut self, id: &Id, fields: FieldSet) {
        if fields.is_empty() {
            self.0.remove(id);
        } else if let Some(entry) = self.0.get_mut(id) {
            entry.fields = fields;
        }
    }

    /// Puts the oldest of those that update together, so that there are not too many.
    pub(super) fn cap_updaters(&mut self) {
        let mut updaters: Vec<_> = self.0.iter().filter(|(id, _)| !id.applies).collect();
        updaters.sort_by_key(|(id, entry)| (entry.time.clone(), (*id).clone()));
        let updaters: Vec<_> = updaters.into_iter().map(|(id, _)| id.clone()).collect();
        let mut count = updaters.len();
        let mut first_of_version: BTreeMap<String, Id> = BTreeMap::new();
        for id in updaters {
            if count <= MOST_UPDATERS {
                break;
            }
            let Some(first) = first_of_version.get(&id.api_version) else {
                first_of_version.insert(id.api_version.clone(), id);
                continue;
            };
            let bucket = Id {
                applies: false,
                name: OLDEST.to_owned(),
                api_version: id.api_version.clone(),
                subresource: String::new(),
            };
            let into = if self.0.contains_key(&bucket) {
                bucket.clone()
            } else {
                first.clone()
            };
            if let (Some(older), Some(newer)) = (self.0.remove(&into), self.0.remove(&id)) {
                let fields = older.fields.union(&newer.fields);
                self.0.insert(bucket, Entry { fields, ..newer });
            }
            count -= 1;
        }
    }

    /// Writes them into an object.
    pub(super) fn write(&self, object: &mut Object) {
        let mut entries: Vec<_> = self.0.iter().collect();
        entries.sort_by_key(|(id, entry)| {
            // Those that apply come first, then the oldest.
            (
                !id.applies,
                entry.time.clone(),
                id.name.clone(),
                entry.api_version.clone(),
                id.subresource.clone(),
            )
        });
        let metadata = object.metadata_mut();
        if entries.is_empty() {
            metadata.remove("managedFields");
        } else {
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(id, entry)| write(id, entry))
                .collect();
            metadata.insert("managedFields".to_owned(), entries.into());
        }
    }

    /// Gives a manager's entry the time of its request.
    pub(super) fn touch(&mut self, id: &Id, manager: &Manager<'_>) {
        if let Some(entry) = self.0.get_mut(id) {
            entry.time = Some(time(manager.now));
        }
    }
}

fn read(entry: &Value) -> Option<(Id, Entry)> {
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let applies = match text("operation").as_str() {
        "Apply" => true,
        "Update" => false,
        _ => return None,
    };
    let fields = match (text("fieldsType").as_str(), entry.get("fieldsV1")) {
        ("FieldsV1", Some(fields)) if !fields.is_null() => fields_v1::read(fields)?,
        ("FieldsV1", _) => FieldSet::default(),
        _ => return None,
    };
    let api_version = text("apiVersion");
    let id = Id {
        applies,
        name: text("manager"),
        api_version: if applies {
            String::new()
        } else {
            api_version.clone()
        },
        subresource: text("subresource"),
    };
    let time = Some(text("time")).filter(|time| !time.is_empty());
    Some((
        id,
        Entry {
            api_version,
            time,
            fields,
        },
    ))
}

fn write(id: &Id, entry: &Entry) -> Value {
    let mut written = json!({
        "manager": id.name,
        "operation": if id.applies { "Apply" } else { "Update" },
        "apiVersion": entry.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields_v1::write(&entry.fields),
    });
    if let Some(time) = &entry.time {
        written["time"] = time.as_str().into();
    }
    if !id.subresource.is_empty() {
        written["subresource"] = id.subresource.as_str().into();
    }
    written
}

/// Whether a client asks for all managers to be forgotten: by a list that is empty, or of one empty entry.
pub(super) fn are_reset(object: &Object) -> bool {
    match object.at(&["metadata", "managedFields"]) {
        Some(Value::Array(list)) => match list.as_slice() {
            [] => true,
            [Value::Object(entry)] => entry.values().all(is_nothing),
            _ => false,
        },
        Some(_) | None => false,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
    }
}

/// The object without them.
pub(super) fn without(object: &Object) -> Value {
    let mut object = object.clone();
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.remove("managedFields");
    }
    Value::Object(object)
}

/// The fields of metadata that nobody manages.
pub(super) fn unmanaged() -> FieldSet {
    const OF_METADATA: [&str; 9] = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    let mut paths: Vec<Vec<&str>> = vec![vec!["apiVersion"], vec!["kind"], vec!["metadata"]];
    paths.extend(OF_METADATA.iter().map(|field| vec!["metadata", field]));
    let sets = paths.iter().map(|path| FieldSet::of_fields(path));
    sets.fold(FieldSet::default(), |all, set| all.union(&set))
}

/// The empty object that a new one is compared with.
pub(super) fn map_or_empty(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
