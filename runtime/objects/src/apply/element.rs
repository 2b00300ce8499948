//! A step of the path to a field.

use std::fmt;

use serde_json::{Map, Value};

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Element {
    /// A field of a map.
    Field(String),
    /// The element of a list that has these fields, as JSON.
    Key(String),
    /// The element of a set, as JSON.
    Value(String),
    /// The element of a list at an index.
    Index(i64),
}

impl Element {
    pub(super) fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    pub(super) fn key(fields: Map<String, Value>) -> Self {
        Self::Key(Value::Object(fields).to_string())
    }

    pub(super) fn value(value: &Value) -> Self {
        Self::Value(value.to_string())
    }

    /// Reads the form in which it stands in `fieldsV1`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::field(rest)),
            "k" => match serde_json::from_str(rest).ok()? {
                Value::Object(fields) => Some(Self::key(fields)),
                _ => None,
            },
            "v" => {
                let value: Value = serde_json::from_str(rest).ok()?;
                Some(Self::value(&value))
            }
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// The form in which it stands in `fieldsV1`.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(fields) => format!("k:{fields}"),
            Self::Value(value) => format!("v:{value}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(formatter, ".{name}"),
            Self::Key(fields) => {
                let fields: Map<String, Value> = serde_json::from_str(fields).unwrap_or_default();
                let fields = fields.iter().map(|(name, value)| format!("{name}={value}"));
                write!(formatter, "[{}]", fields.collect::<Vec<_>>().join(","))
            }
            Self::Value(value) => write!(formatter, "[={value}]"),
            Self::Index(index) => write!(formatter, "[{index}]"),
        }
    }
}
