//! Label selectors.

use serde_json::{Map, Value};

use super::parse;
use crate::field::{FieldError, FieldPath};
use crate::meta::{check_label_value, check_qualified_name};
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
        let requirements = parse::requirements(text).map_err(Status::bad_request)?;
        Ok(Self { requirements })
    }

    /// Reads a `LabelSelector` object, with `matchLabels` and `matchExpressions`, that stands at `path`.
    ///
    /// # Errors
    /// The fields that are wrong.
    pub fn from_object(selector: &Value, path: &FieldPath) -> Result<Self, Vec<FieldError>> {
        let mut requirements = Vec::new();
        let mut errors = Vec::new();
        let labels = selector.get("matchLabels").and_then(Value::as_object);
        for (key, value) in labels.into_iter().flatten() {
            let path = path.field("matchLabels");
            let value = value.as_str().unwrap_or_default();
            errors.extend(key_faults(key, &path));
            for fault in check_label_value(value).err().into_iter().flatten() {
                errors.push(FieldError::invalid(path.clone(), value, fault));
            }
            requirements.push(Requirement {
                key: key.clone(),
                operator: Operator::In,
                values: vec![value.to_owned()],
            });
        }
        let expressions = selector.get("matchExpressions").and_then(Value::as_array);
        for (index, expression) in expressions.into_iter().flatten().enumerate() {
            let path = path.field("matchExpressions").index(index);
            requirements.extend(of_expression(expression, &path, &mut errors));
        }
        if errors.is_empty() {
            Ok(Self { requirements })
        } else {
            Err(errors)
        }
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
        self.requirements
            .iter()
            .all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &Map<String, Value>) -> bool {
        let value = labels.get(&self.key).and_then(Value::as_str);
        let listed = |value: &str| self.values.iter().any(|it| it == value);
        let number = |text: &str| text.parse::<i64>().ok();
        let compared = |holds: fn(i64, i64) -> bool| {
            let (have, wanted) = (
                value.and_then(number),
                self.values.first().map(String::as_str),
            );
            let wanted = wanted.and_then(number);
            matches!((have, wanted), (Some(have), Some(wanted)) if holds(have, wanted))
        };
        match self.operator {
            Operator::In => value.is_some_and(listed),
            Operator::NotIn => value.is_none_or(|value| !listed(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => compared(|have, wanted| have > wanted),
            Operator::LessThan => compared(|have, wanted| have < wanted),
        }
    }
}

fn key_faults(key: &str, path: &FieldPath) -> Vec<FieldError> {
    let faults = check_qualified_name(key).err().unwrap_or_default();
    faults
        .into_iter()
        .map(|fault| FieldError::invalid(path.clone(), key, fault))
        .collect()
}

fn of_expression(
    expression: &Value,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) -> Option<Requirement> {
    let text = |name: &str| {
        expression
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (key, word) = (text("key"), text("operator"));
    let values = expression.get("values").and_then(Value::as_array);
    let values: Vec<_> = values
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let operator = match word {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => {
            let detail = "not a valid selector operator";
            errors.push(FieldError::invalid(path.field("operator"), other, detail));
            errors.extend(key_faults(key, &path.field("key")));
            return None;
        }
    };
    let takes_values = matches!(operator, Operator::In | Operator::NotIn);
    if takes_values && values.is_empty() {
        let detail = "must be specified when `operator` is 'In' or 'NotIn'";
        errors.push(FieldError::required(path.field("values"), detail));
    }
    if !takes_values && !values.is_empty() {
        let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(FieldError::forbidden(path.field("values"), detail));
    }
    errors.extend(key_faults(key, &path.field("key")));
    for (index, value) in values.iter().enumerate() {
        for fault in check_label_value(value).err().into_iter().flatten() {
            let path = path.field("values").index(index);
            errors.push(FieldError::invalid(path, *value, fault));
        }
    }
    Some(Requirement {
        key: key.to_owned(),
        operator,
        values: values.into_iter().map(str::to_owned).collect(),
    })
}
