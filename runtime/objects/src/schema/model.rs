//! The model: a type is a shape with rules.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::built_in;

/// The type of a value.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// What values look like.
    pub shape: Shape,
    /// What a built-in type writes where no value was given.
    pub presence: Presence,
    /// What Go calls the type when it refuses a value: `[]v1.Container`; empty for custom kinds.
    pub go_name: String,
    /// Whether null is a value.
    pub nullable: bool,
    /// The value that is taken where none was given.
    pub default: Option<Value>,
    /// How a strategic merge patch changes it.
    pub patch: PatchStrategy,
    /// Limits of the values.
    pub rules: Option<Box<Rules>>,
    /// What people are told of it.
    pub description: String,
}

/// What values look like.
#[derive(Debug, Clone, Default)]
pub enum Shape {
    /// Anything: it is kept as it came.
    #[default]
    Any,
    /// One of the embedded types, by its name in OpenAPI.
    Reference(String),
    /// A map with known fields.
    Object(Box<Fields>),
    /// A map with any keys.
    Map {
        /// The type of the values.
        values: Box<Schema>,
        /// Whether it has one owner as a whole.
        atomic: bool,
    },
    /// A list.
    List {
        /// The type of the elements.
        items: Box<Schema>,
        /// How two lists are merged.
        merge: ListMerge,
    },
    /// A single value.
    Scalar(Scalar),
}

/// The fields of a map.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// The known ones.
    pub known: BTreeMap<String, Schema>,
    /// Those that have to be given.
    pub required: Vec<String>,
    /// Whether others are kept too.
    pub keeps_unknown: bool,
    /// Whether it is an object with `apiVersion`, `kind` and `metadata` of its own.
    pub embedded_object: bool,
    /// Whether it has one owner as a whole.
    pub atomic: bool,
    /// Whether values of other types are let pass: in parts of a schema that only add rules.
    pub untyped: bool,
}

/// How two lists are merged, and who may own their elements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ListMerge {
    /// One owner has all of it.
    #[default]
    Atomic,
    /// Elements are what they are, each once.
    Set,
    /// Elements are maps, told apart by these fields.
    Map(Vec<String>),
}

/// The type of a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// True or false.
    Boolean,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A number.
    Number,
    /// A text.
    String,
    /// Bytes in base64.
    Bytes,
    /// A time to the second.
    Time,
    /// A time to the microsecond.
    MicroTime,
    /// A quantity such as `500m` or `1Gi`.
    Quantity,
    /// A whole number or a text.
    IntOrString,
}

/// What a built-in type writes of a field that was not given, by the ways of Go's JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// Nothing, nor of an empty value that was given.
    Omit,
    /// Nothing; an empty value that was given stays.
    #[default]
    Pointer,
    /// The empty value of the type.
    Empty,
    /// Null.
    Null,
}

/// How a strategic merge patch changes a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PatchStrategy {
    /// Whether a list is merged rather than replaced.
    pub merge: bool,
    /// Whether a map keeps only the keys that the patch names.
    pub retain_keys: bool,
    /// Whether a map is replaced rather than merged.
    pub replace: bool,
    /// The field by which the elements of a merged list are told apart; empty for a list of single values.
    pub merge_key: String,
}

/// Limits of values.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The only values.
    pub one_of_values: Vec<Value>,
    /// The smallest number, and whether it is excluded.
    pub minimum: Option<(f64, bool)>,
    /// The largest number, and whether it is excluded.
    pub maximum: Option<(f64, bool)>,
    /// What divides the number.
    pub multiple_of: Option<f64>,
    /// The fewest characters.
    pub min_length: Option<u64>,
    /// The most characters.
    pub max_length: Option<u64>,
    /// What is found in the text.
    pub pattern: Option<Regex>,
    /// The form of the text: `date-time`, `uuid`.
    pub format: String,
    /// The fewest elements.
    pub min_items: Option<u64>,
    /// The most elements.
    pub max_items: Option<u64>,
    /// Whether no two elements are equal.
    pub unique_items: bool,
    /// The fewest keys.
    pub min_properties: Option<u64>,
    /// The most keys.
    pub max_properties: Option<u64>,
    /// Schemas that all hold.
    pub all_of: Vec<Schema>,
    /// Schemas of which one holds.
    pub any_of: Vec<Schema>,
    /// Schemas of which just one holds.
    pub one_of: Vec<Schema>,
    /// A schema that does not hold.
    pub not: Option<Schema>,
}

/// An OpenAPI schema that describes no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to read the schema at `{path}`: {problem}")]
pub struct SchemaError {
    /// Where in the schema.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

impl Schema {
    /// The same type with what a reference refers to in its place.
    pub fn resolved(&self) -> &Shape {
        match &self.shape {
            Shape::Reference(name) => built_in::shape(name),
            shape @ (Shape::Any
            | Shape::Object(_)
            | Shape::Map { .. }
            | Shape::List { .. }
            | Shape::Scalar(_)) => shape,
        }
    }

    /// The fields, when it is a map with known ones.
    pub fn fields(&self) -> Option<&Fields> {
        match self.resolved() {
            Shape::Object(fields) => Some(fields),
            Shape::Any
            | Shape::Reference(_)
            | Shape::Map { .. }
            | Shape::List { .. }
            | Shape::Scalar(_) => None,
        }
    }

    /// The type of a field or of a map's value.
    pub fn child(&self, key: &str) -> Option<&Self> {
        match self.resolved() {
            Shape::Object(fields) => fields.known.get(key),
            Shape::Map { values, .. } => Some(values),
            Shape::Any | Shape::Reference(_) | Shape::List { .. } | Shape::Scalar(_) => None,
        }
    }

    /// The type of a list's elements.
    pub fn items(&self) -> Option<&Self> {
        match self.resolved() {
            Shape::List { items, .. } => Some(items),
            Shape::Any
            | Shape::Reference(_)
            | Shape::Object(_)
            | Shape::Map { .. }
            | Shape::Scalar(_) => None,
        }
    }
}
