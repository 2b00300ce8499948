//! Fields that a manager no longer applies go, unless another has them.

use serde_json::{Map, Value};

use super::compare::to_set;
use super::element::Element;
use super::node::{Node, Ownership};
use super::set::FieldSet;

/// The merged object without what the manager applied last time, does not apply now, and nobody else has.
///
/// `owned` is what all managers have now, `last` what this one applied last time.
pub(super) fn prune(merged: &Value, last: &FieldSet, owned: &FieldSet, node: Node<'_>) -> Value {
    if last.is_empty() {
        return merged.clone();
    }
    let last = last.with_named_fields(node);
    let fields_of = |value: &Value| to_set(value, node).with_named_fields(node);
    let all = fields_of(merged);
    let pruned = remove(merged, &last, node);
    // What others own, or hold up by owning something inside, comes back.
    let kept = fields_of(&pruned).union(&owned.with_named_fields(node));
    let pruned = remove(merged, &all.difference(&kept), node);
    // And what went with it although it was not applied last time comes back too.
    let gone = all.difference(&fields_of(&pruned)).intersection(&last);
    remove(merged, &gone, node)
}

/// The value without the fields of a set.
fn remove(value: &Value, fields: &FieldSet, node: Node<'_>) -> Value {
    remove_inside(value, fields, node).unwrap_or(Value::Null)
}

fn remove_inside(value: &Value, fields: &FieldSet, node: Node<'_>) -> Option<Value> {
    match (node.ownership(Some(value), None), value) {
        (Ownership::Map, Value::Object(map)) => {
            let kept: Map<_, _> = map
                .iter()
                .filter_map(|(name, value)| {
                    let element = Element::field(name);
                    let value = remaining(value, &element, fields, node.field(name))?;
                    Some((name.clone(), value))
                })
                .collect();
            (!kept.is_empty()).then(|| kept.into())
        }
        (Ownership::List(keys), Value::Array(list)) => {
            let kept: Vec<_> = list
                .iter()
                .filter_map(|value| match node.element(value, keys) {
                    Some(element) => remaining(value, &element, fields, node.items()),
                    None => Some(value.clone()),
                })
                .collect();
            (!kept.is_empty()).then(|| kept.into())
        }
        (Ownership::Leaf | Ownership::Map | Ownership::List(_), _) => Some(value.clone()),
    }
}

/// What is left of what a step leads to; null where all that was in it went.
fn remaining(value: &Value, element: &Element, fields: &FieldSet, node: Node<'_>) -> Option<Value> {
    if fields.members.contains(element) {
        return None;
    }
    match fields.under(element) {
        Some(inner) => Some(remove_inside(value, inner, node).unwrap_or(Value::Null)),
        None => Some(value.clone()),
    }
}
