//! Label selectors.

use serde_json::{Map, Value};

use crate::field::{FieldError, FieldPath};
use crate::object::Object;
use crate::status::Status;

/// What a requirement asks of a label's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// It is one of the values.
    In,
    /// It is none of the values, or the label is not there.
    NotIn,
    /// The label is there.
    Exists,
    /// It is not.
    DoesNotExist,
    /// It is a greater number than the value.
    GreaterThan,
    /// It is a smaller one.
    LessThan,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// What is asked.
    pub operator: Operator,
    /// The values, sorted.
    pub values: Vec<String>,
}

/// A label selector: all of its requirements hold. One without requirements selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    /// The requirements.
    pub requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// Reads `labelSelector` of the query.
    ///
    /// # Errors
    /// 400 for a text that is no selector.
    pub fn parse(text: &str) -> Result<Self, Status> {
        let _ = text;
        Ok(Self::default())
    }

    /// Reads a `LabelSelector` object, with `matchLabels` and `matchExpressions`, that stands at `path`.
    ///
    /// # Errors
    /// The fields that are wrong.
    pub fn from_object(selector: &Value, path: &FieldPath) -> Result<Self, Vec<FieldError>> {
        let _ = (selector, path);
        Ok(Self::default())
    }

    /// Whether it selects an object.
    pub fn matches(&self, object: &Object) -> bool {
        let labels = object
            .get("metadata")
            .and_then(|metadata| metadata.get("labels"));
        self.matches_labels(labels.and_then(Value::as_object).unwrap_or(&Map::new()))
    }

    /// Whether it selects what has these labels.
    pub fn matches_labels(&self, labels: &Map<String, Value>) -> bool {
        let _ = labels;
        self.requirements.is_empty()
    }
}
