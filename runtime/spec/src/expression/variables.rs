//! What an expression sees, and what it gives, in CEL's values and in ours.

use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::{Key, Map};
use coracle_model::{Artifact, ArtifactType, Value};

use super::ConditionInputs;
use crate::executor::name_in_step;

/// A variable: its name and its value.
pub(super) type Variables = Vec<(&'static str, cel::Value)>;

/// A condition sees the fields of KFP's `ExecutorInput`, of which only the inputs are filled.
pub(super) fn of_condition(inputs: &ConditionInputs<'_>) -> Variables {
    let parameters = inputs
        .parameters
        .iter()
        .map(|(name, value)| (name.as_str(), to_cel(value)));
    let artifacts = inputs
        .artifacts
        .iter()
        .map(|(name, list)| (name.as_str(), artifact_list(list)));
    let inputs = map([
        ("parameter_values", map(parameters)),
        ("artifacts", map(artifacts)),
        ("parameters", map([])),
    ]);
    let outputs = map([
        ("parameters", map([])),
        ("artifacts", map([])),
        ("output_file", text("")),
    ]);
    vec![("inputs", inputs), ("outputs", outputs)]
}

/// A selector sees the fields of `google.protobuf.Value`: the one that is set, and the text in any case.
pub(super) fn of_selector(value: &Value) -> Variables {
    let mut variables = vec![("string_value", text(&value.to_text()))];
    let field = match value {
        Value::Null => Some("null_value"),
        Value::Bool(_) => Some("bool_value"),
        Value::Number(_) => Some("number_value"),
        Value::String(_) => None,
        Value::List(_) => Some("list_value"),
        Value::Struct(_) => Some("struct_value"),
    };
    variables.extend(field.map(|field| (field, to_cel(value))));
    variables
}

/// Our value for one of CEL's.
///
/// # Errors
/// The kind of a part that has no counterpart.
pub(super) fn from_cel(value: &cel::Value) -> Result<Value, String> {
    match value {
        cel::Value::Null => Ok(Value::Null),
        cel::Value::Bool(flag) => Ok(Value::Bool(*flag)),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the wire format has doubles only"
        )]
        cel::Value::Int(number) => Ok(Value::Number(*number as f64)),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the wire format has doubles only"
        )]
        cel::Value::UInt(number) => Ok(Value::Number(*number as f64)),
        cel::Value::Float(number) if number.is_finite() => Ok(Value::Number(*number)),
        cel::Value::Float(number) => Err(format!("number that JSON does not have (`{number}`)")),
        cel::Value::String(text) => Ok(Value::String(text.as_str().to_owned())),
        cel::Value::List(items) => items
            .iter()
            .map(from_cel)
            .collect::<Result<_, _>>()
            .map(Value::List),
        cel::Value::Map(fields) => fields
            .map
            .iter()
            .map(|(key, field)| Ok((field_name(key)?, from_cel(field)?)))
            .collect(),
        other => Err(kind_of(other)),
    }
}

/// The type of a value, in CEL's words.
pub(super) fn kind_of(value: &cel::Value) -> String {
    match value {
        cel::Value::Float(_) => "double".to_owned(),
        other => other.type_of().to_string(),
    }
}

/// CEL's value for one of ours.
pub(super) fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(flag) => cel::Value::Bool(*flag),
        Value::Number(number) => cel::Value::Float(*number),
        Value::String(string) => text(string),
        Value::List(items) => list(items.iter().map(to_cel)),
        Value::Struct(fields) => map(fields
            .iter()
            .map(|(key, field)| (key.as_str(), to_cel(field)))),
    }
}

fn field_name(key: &Key) -> Result<String, String> {
    match key {
        Key::String(name) => Ok(name.as_str().to_owned()),
        Key::Int(_) | Key::Uint(_) | Key::Bool(_) => {
            Err("map with keys that are no text".to_owned())
        }
    }
}

fn artifact_list(artifacts: &[Artifact]) -> cel::Value {
    map([("artifacts", list(artifacts.iter().map(artifact)))])
}

fn artifact(artifact: &Artifact) -> cel::Value {
    let metadata = artifact
        .metadata
        .iter()
        .map(|(key, value)| (key.as_str(), to_cel(value)));
    map([
        ("name", text(&name_in_step(artifact))),
        ("type", artifact_type(&artifact.artifact_type)),
        ("uri", text(artifact.uri.as_str())),
        ("metadata", map(metadata)),
        (
            "custom_path",
            text(artifact.custom_path.as_deref().unwrap_or_default()),
        ),
    ])
}

fn artifact_type(artifact_type: &ArtifactType) -> cel::Value {
    map([
        ("schema_title", text(&artifact_type.schema_title)),
        ("schema_version", text(&artifact_type.schema_version)),
        ("instance_schema", text(&artifact_type.instance_schema)),
    ])
}

fn text(text: &str) -> cel::Value {
    cel::Value::String(Arc::new(text.to_owned()))
}

fn list(items: impl Iterator<Item = cel::Value>) -> cel::Value {
    cel::Value::List(Arc::new(items.collect()))
}

fn map<'a>(fields: impl IntoIterator<Item = (&'a str, cel::Value)>) -> cel::Value {
    let fields = fields
        .into_iter()
        .map(|(key, value)| (Key::from(key), value));
    cel::Value::Map(Map {
        map: Arc::new(fields.collect::<HashMap<_, _>>()),
    })
}
