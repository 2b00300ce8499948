//! Places in an object.

use std::fmt::Write as _;

use serde_json::Value;

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Item(usize),
}

/// A place as people write it: `spec.containers[0].image`, `metadata.labels["a.b/c"]`.
pub(super) fn text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        // Writing to a string does not fail.
        let _ = match step {
            Step::Item(place) => write!(text, "[{place}]"),
            Step::Field(name) if name.is_empty() || name.contains(['.', '[', ']', '"']) => {
                write!(text, "[{name:?}]")
            }
            Step::Field(name) if text.is_empty() => write!(text, "{name}"),
            Step::Field(name) => write!(text, ".{name}"),
        };
    }
    text
}

/// Whether there is nothing below a value.
pub(super) fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

/// What is directly below a value.
pub(super) fn children(value: &Value) -> Vec<(Step, &Value)> {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (Step::Field(name.clone()), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(place, item)| (Step::Item(place), item))
            .collect(),
        _ => Vec::new(),
    }
}

/// A place without the numbers of items, for rules: `["spec", "containers", "*", "image"]`.
pub(super) fn pattern(path: &[Step]) -> Vec<&str> {
    path.iter()
        .map(|step| match step {
            Step::Field(name) => name.as_str(),
            Step::Item(_) => "*",
        })
        .collect()
}

/// Every leaf of a value with its place.
#[cfg(test)]
pub(super) fn leaves(value: &Value) -> Vec<(String, Value)> {
    fn walk(path: &mut Vec<Step>, value: &Value, found: &mut Vec<(String, Value)>) {
        if is_leaf(value) {
            found.push((text(path), value.clone()));
        }
        for (step, child) in children(value) {
            path.push(step);
            walk(path, child, found);
            path.pop();
        }
    }
    let mut found = Vec::new();
    walk(&mut Vec::new(), value, &mut found);
    found
}
