//! A value in an object together with where it stands, so that a check can say what is wrong where.

use coracle_model::Quantity;
use serde_json::{Map, Value};

use crate::field::{FieldError, FieldPath};
use crate::object::Object;

/// What checks find.
pub(crate) type Faults = Vec<FieldError>;

static NOTHING: Value = Value::Null;

/// A value and its path. What is not there is a place too, with nothing in it.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    path: FieldPath,
    value: &'a Value,
}

impl<'a> Place<'a> {
    /// A field of an object.
    pub(crate) fn of(object: &'a Object, field: &str) -> Self {
        Self {
            path: FieldPath::new(field),
            value: object.get(field).unwrap_or(&NOTHING),
        }
    }

    /// A value that is told to stand at a path.
    pub(crate) fn at(path: FieldPath, value: Option<&'a Value>) -> Self {
        Self {
            path,
            value: value.unwrap_or(&NOTHING),
        }
    }

    /// A field of what is here.
    pub(crate) fn field(&self, name: &str) -> Self {
        Self {
            path: self.path.field(name),
            value: self.value.get(name).unwrap_or(&NOTHING),
        }
    }

    /// An entry of the map that is here.
    pub(crate) fn key(&self, key: &str) -> Self {
        Self {
            path: self.path.key(key),
            value: self.value.get(key).unwrap_or(&NOTHING),
        }
    }

    /// The elements of the list that is here.
    pub(crate) fn items(&self) -> impl Iterator<Item = Self> + '_ {
        let list = self.value.as_array().into_iter().flatten();
        list.enumerate().map(|(index, value)| Self {
            path: self.path.index(index),
            value,
        })
    }

    /// The entries of the map that is here, by key.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> + '_ {
        let map = self.value.as_object().into_iter().flatten();
        map.map(|(key, value)| {
            let place = Self {
                path: self.path.key(key),
                value,
            };
            (key.as_str(), place)
        })
    }

    /// The same value, said to stand elsewhere. What is wrong with an element is often told of its list.
    pub(crate) fn told_at(&self, path: &FieldPath) -> Self {
        Self {
            path: path.clone(),
            value: self.value,
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &FieldPath {
        &self.path
    }

    /// What is there; null for nothing.
    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    /// Whether something is there.
    pub(crate) fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Whether nothing is there, or an empty text, list or map.
    pub(crate) fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// The text; empty for none.
    pub(crate) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    /// The whole number.
    pub(crate) fn number(&self) -> Option<i64> {
        self.value.as_i64()
    }

    /// Whether true is there.
    pub(crate) fn is_true(&self) -> bool {
        self.value.as_bool().unwrap_or(false)
    }

    /// The map.
    pub(crate) fn map(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    /// The texts of the list.
    pub(crate) fn texts(&self) -> Vec<&'a str> {
        let list = self.value.as_array().into_iter().flatten();
        list.map(|value| value.as_str().unwrap_or_default())
            .collect()
    }

    /// How many elements or entries it has.
    pub(crate) fn len(&self) -> usize {
        match self.value {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }

    /// The quantity.
    pub(crate) fn quantity(&self) -> Option<Quantity> {
        match self.value {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.to_string().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// It has to be given.
    pub(crate) fn required(&self, detail: &str) -> FieldError {
        FieldError::required(self.path.clone(), detail)
    }

    /// Its value is not one it may have.
    pub(crate) fn invalid(&self, detail: impl Into<String>) -> FieldError {
        FieldError::invalid(self.path.clone(), self.value.clone(), detail)
    }

    /// The same, where another value is told than what is here.
    pub(crate) fn invalid_as(
        &self,
        value: impl Into<Value>,
        detail: impl Into<String>,
    ) -> FieldError {
        FieldError::invalid(self.path.clone(), value, detail)
    }

    /// It may not be given or changed.
    pub(crate) fn forbidden(&self, detail: impl Into<String>) -> FieldError {
        FieldError::forbidden(self.path.clone(), detail)
    }

    /// It stands twice.
    pub(crate) fn duplicate(&self) -> FieldError {
        FieldError::duplicate(self.path.clone(), self.value.clone())
    }

    /// The same, where another value is told than what is here.
    pub(crate) fn duplicate_as(&self, value: impl Into<Value>) -> FieldError {
        FieldError::duplicate(self.path.clone(), value)
    }

    /// What its text refers to is not there.
    pub(crate) fn not_found(&self) -> FieldError {
        FieldError::not_found(self.path.clone(), self.text())
    }

    /// It is none of those there are. A number that is not there is told as 0, a text as empty.
    pub(crate) fn not_supported(&self, supported: &[&str]) -> FieldError {
        let value = match self.value {
            Value::Null => Value::from(""),
            value => value.clone(),
        };
        FieldError::not_supported(self.path.clone(), value, supported)
    }

    /// Its text has more bytes than it may have.
    pub(crate) fn too_long(&self, most: usize) -> FieldError {
        FieldError::too_long(self.path.clone(), most)
    }

    /// What a check of its text says of it.
    pub(crate) fn check(&self, check: impl Fn(&str) -> Vec<String>, faults: &mut Faults) {
        let said = check(self.text());
        faults.extend(said.into_iter().map(|detail| self.invalid_text(detail)));
    }

    /// The same for a text that is not there, which is told as an empty one.
    pub(crate) fn invalid_text(&self, detail: impl Into<String>) -> FieldError {
        FieldError::invalid(self.path.clone(), self.text(), detail)
    }

    /// A number less than nothing.
    pub(crate) fn check_not_negative(&self, faults: &mut Faults) {
        if self.number().is_some_and(|number| number < 0) {
            faults.push(self.invalid(NOT_NEGATIVE));
        }
    }
}

pub(crate) const NOT_NEGATIVE: &str = "must be greater than or equal to 0";
