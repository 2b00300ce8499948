//! Parameter values, as KFP's wire format knows them: the JSON data model with one number type.
//!
//! KFP carries parameters as `google.protobuf.Value`, whose numbers are IEEE doubles. A whole number is
//! written without a fraction, so `3.0` in a file reaches user code as `3`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One parameter value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// An absent or explicit null.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number; integers and doubles are not told apart.
    Number(f64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Self>),
    /// A map with text keys, ordered by key.
    Struct(BTreeMap<String, Self>),
}

/// The kind of a [`Value`], for messages and type checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// Null.
    Null,
    /// Boolean.
    Bool,
    /// Number.
    Number,
    /// String.
    String,
    /// List.
    List,
    /// Struct.
    Struct,
}

/// The largest double below which every integer is exact, 2^53.
const EXACT_INTEGER_LIMIT: f64 = 9_007_199_254_740_992.0;

impl Value {
    /// The kind of this value.
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Null,
            Self::Bool(_) => ValueKind::Bool,
            Self::Number(_) => ValueKind::Number,
            Self::String(_) => ValueKind::String,
            Self::List(_) => ValueKind::List,
            Self::Struct(_) => ValueKind::Struct,
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, when this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Struct(_) => None,
        }
    }

    /// The form KFP substitutes into a command line and writes into an output file.
    ///
    /// Strings stand as they are, numbers in plain decimals (`3`, never `3.0` or `1e21`), lists and
    /// structs as compact JSON with `<`, `>` and `&` escaped as Go's encoder does, null as nothing.
    pub fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::String(text) => text.clone(),
            Self::List(_) | Self::Struct(_) => escape_html(&self.to_json()),
        }
    }

    /// Compact JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a value holds only what JSON can say")
    }

    /// Reads JSON text.
    ///
    /// # Errors
    /// What the text breaks, as the JSON reader says it.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let value: Self = serde_json::from_str(text)?;
        if value.is_too_deep() {
            let problem = format!("more than {} levels of lists and maps", Self::DEEPEST);
            return Err(serde::de::Error::custom(problem));
        }
        Ok(value)
    }

    /// Levels of lists and maps that a value may have: as many as a definition may, and so few that a value can be
    /// read wherever it is wrapped in some more.
    pub const DEEPEST: usize = 100;

    /// Whether it has more levels than [`Value::DEEPEST`].
    pub fn is_too_deep(&self) -> bool {
        self.is_deeper_than(Self::DEEPEST)
    }

    fn is_deeper_than(&self, levels: usize) -> bool {
        let mut inner: Box<dyn Iterator<Item = &Self>> = match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => return false,
            Self::List(items) => Box::new(items.iter()),
            Self::Struct(fields) => Box::new(fields.values()),
        };
        match levels.checked_sub(1) {
            None => true,
            Some(left) => inner.any(|value| value.is_deeper_than(left)),
        }
    }
}

fn escape_html(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

impl fmt::Display for ValueKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::List => "list",
            Self::Struct => "struct",
        })
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

impl FromIterator<(String, Self)> for Value {
    fn from_iter<I: IntoIterator<Item = (String, Self)>>(fields: I) -> Self {
        Self::Struct(fields.into_iter().collect())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => serialize_number(*number, serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items
                    .iter()
                    .try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Struct(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                fields
                    .iter()
                    .try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}

fn serialize_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() <= EXACT_INTEGER_LIMIT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and within 2^53, so the cast is exact"
        )]
        let whole = number as i64;
        serializer.serialize_i64(whole)
    } else {
        serializer.serialize_f64(number)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a null, boolean, number, string, list or map")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the wire format has doubles only"
    )]
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the wire format has doubles only"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            fields.insert(key, value);
        }
        Ok(Value::Struct(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_no_more_levels_than_can_be_read_back() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Value::from_json(&nested(Value::DEEPEST)).is_ok());
        assert!(Value::from_json(&nested(Value::DEEPEST + 1)).is_err());
        let deep = (0..150).fold(Value::Null, |inner, _| Value::List(vec![inner]));
        assert!(deep.is_too_deep());
    }

    use proptest::prelude::*;

    #[test]
    fn text_forms_follow_kfp() {
        let check =
            |json: &str, text: &str| assert_eq!(Value::from_json(json).unwrap().to_text(), text);
        check("3.0", "3");
        check("-0.25", "-0.25");
        check("1e21", "1000000000000000000000");
        check("true", "true");
        check("null", "");
        check(r#""a b\n""#, "a b\n");
        check(
            r#"{"b": [1, 2.5], "a": "<x>&"}"#,
            r#"{"a":"\u003cx\u003e\u0026","b":[1,2.5]}"#,
        );
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<f64>()
                .prop_filter("finite", |number| number.is_finite())
                .prop_map(Value::Number),
            ".*".prop_map(Value::String),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::btree_map(".*", inner, 0..4).prop_map(Value::Struct),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_round_trips(value in any_value()) {
            prop_assert_eq!(Value::from_json(&value.to_json()).unwrap(), value);
        }
    }
}
