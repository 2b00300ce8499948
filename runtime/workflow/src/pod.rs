//! What pods are put together of: volumes, mounts, variables, containers.

use serde_json::{Map, Value, json};

/// What a step's pod has beside its container's command.
#[derive(Debug, Default)]
pub(crate) struct Pod {
    pub(crate) env: Vec<Value>,
    pub(crate) mounts: Vec<Value>,
    pub(crate) volumes: Vec<Value>,
    pub(crate) init: Vec<Value>,
    /// Fields of the container.
    pub(crate) container: Map<String, Value>,
    /// Fields of the template.
    pub(crate) template: Map<String, Value>,
}

impl Pod {
    /// A volume that the container mounts.
    pub(crate) fn mount(&mut self, name: &str, source: Value, path: &str) {
        self.volumes.push(volume(name, source));
        self.mounts.push(mount(name, path));
    }
}

/// A volume by its source, such as `{"emptyDir": {}}`.
pub(crate) fn volume(name: &str, source: Value) -> Value {
    let mut volume = match source {
        Value::Object(members) => members,
        other => Map::from_iter([("source".to_owned(), other)]),
    };
    volume.insert("name".to_owned(), json!(name));
    Value::Object(volume)
}

/// A mount of a volume.
pub(crate) fn mount(name: &str, path: &str) -> Value {
    json!({"name": name, "mountPath": path})
}

/// The value without members that are null or empty.
pub(crate) fn compact(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, compact(value)))
            .filter(|(name, value)| !is_empty(value) || name == "emptyDir")
            .collect(),
        Value::Array(items) => items.into_iter().map(compact).collect(),
        other => other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
