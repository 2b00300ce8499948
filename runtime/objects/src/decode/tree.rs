//! A text's values as they stand: in order, with doubles and with the spelling of numbers.

use serde_json::{Map, Value};

/// A value of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// A number as it was spelled.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// The fields in the order of the text; a name may stand twice.
    Map(Vec<(String, Self)>),
}

impl Node {
    /// What Go's JSON calls it in an error.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) => "object",
        }
    }

    /// The field of that name that stands last.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => {
                let mut last_first = fields.iter().rev();
                last_first.find(|(key, _)| key == name).map(|(_, it)| it)
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The value as JSON; of fields that stand twice the last.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(it) => it.into(),
            Self::Number(text) => number(&text),
            Self::Text(text) => text.into(),
            Self::List(items) => items.into_iter().map(Self::into_value).collect(),
            Self::Map(fields) => {
                let fields = fields.into_iter();
                let fields = fields.map(|(name, node)| (name, node.into_value()));
                fields.collect::<Map<_, _>>().into()
            }
        }
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(it) => Self::Bool(*it),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(map) => {
                let fields = map.iter();
                Self::Map(fields.map(|(key, it)| (key.clone(), it.into())).collect())
            }
        }
    }
}

/// A number of JSON: whole where it is whole and fits, for Go writes no fraction that is zero.
pub(super) fn number(text: &str) -> Value {
    /// The largest whole number up to which a double is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    let number: f64 = text.parse().unwrap_or_default();
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole and within 2^53"
        )]
        let whole = number as i64;
        return whole.into();
    }
    number.into()
}
