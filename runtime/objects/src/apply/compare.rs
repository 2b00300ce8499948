//! The fields of an object, and those in which two differ.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::element::Element;
use super::node::{Node, Ownership};
use super::set::FieldSet;

/// The fields of a value that its writer owns by applying it.
pub(super) fn to_set(value: &Value, node: Node<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    match (node.ownership(Some(value), None), value) {
        (Ownership::Map, Value::Object(map)) => {
            for (name, value) in map {
                let element = Element::field(name);
                let field = node.field(name);
                let nothing_inside = value.as_object().is_some_and(Map::is_empty);
                let is_leaf = matches!(field.ownership(Some(value), None), Ownership::Leaf);
                if is_leaf || nothing_inside || value.is_null() || !node.names_field(name) {
                    set.members.insert(element.clone());
                }
                if !is_leaf {
                    set.put(element, to_set(value, field));
                }
            }
        }
        (Ownership::List(keys), Value::Array(list)) => {
            for value in list {
                if let Some(element) = node.element(value, keys) {
                    set.members.insert(element.clone());
                    if !keys.is_empty() {
                        set.put(element, to_set(value, node.items()));
                    }
                }
            }
        }
        (Ownership::Leaf | Ownership::Map | Ownership::List(_), _) => {}
    }
    set
}

/// In which fields two values differ.
#[derive(Debug, Clone, Default)]
pub(super) struct Comparison {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

impl Comparison {
    /// The same without the fields under these.
    pub(super) fn outside(&self, fields: &FieldSet) -> Self {
        Self {
            added: self.added.outside(fields),
            modified: self.modified.outside(fields),
            removed: self.removed.outside(fields),
        }
    }

    fn put(&mut self, element: &Element, inner: Self) {
        self.added.put(element.clone(), inner.added);
        self.modified.put(element.clone(), inner.modified);
        self.removed.put(element.clone(), inner.removed);
    }
}

/// Compares two values of a place.
pub(super) fn compare(old: &Value, new: &Value, node: Node<'_>) -> Comparison {
    inside(Some(old), Some(new), node)
}

/// Compares what a step leads to; what is there on one side only is itself added or removed.
fn step(
    comparison: &mut Comparison,
    element: &Element,
    (old, new): (Option<&Value>, Option<&Value>),
    node: Node<'_>,
) {
    let empty = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => false,
    };
    let ownership = node.ownership(old, new);
    match (old, new) {
        (None, None) => return,
        (None, Some(_)) => {
            comparison.added.members.insert(element.clone());
        }
        (Some(_), None) => {
            comparison.removed.members.insert(element.clone());
        }
        (Some(one), Some(other)) => {
            let whole = matches!(ownership, Ownership::Leaf) || empty(old) && empty(new);
            if whole && one != other {
                comparison.modified.members.insert(element.clone());
            }
        }
    }
    if !matches!(ownership, Ownership::Leaf) {
        let inner = inside(old, new, node);
        comparison.put(element, inner);
    } else if node.shape().is_none() && old != new {
        // Where nothing is known of the type a map can become something else, and what was in it goes.
        let mut inner = Comparison::default();
        if old.is_some_and(Value::is_object) {
            inner.removed = inside(old, None, node).removed;
        }
        if new.is_some_and(Value::is_object) {
            inner.added = inside(None, new, node).added;
        }
        comparison.put(element, inner);
    }
}

fn inside(old: Option<&Value>, new: Option<&Value>, node: Node<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    match node.ownership(old, new) {
        Ownership::Leaf => {}
        Ownership::Map => {
            let (old, new) = (
                old.and_then(Value::as_object),
                new.and_then(Value::as_object),
            );
            let names = old.into_iter().chain(new).flat_map(Map::keys);
            let names: std::collections::BTreeSet<_> = names.collect();
            for name in names {
                let both = (
                    old.and_then(|map| map.get(name)),
                    new.and_then(|map| map.get(name)),
                );
                step(
                    &mut comparison,
                    &Element::field(name),
                    both,
                    node.field(name),
                );
            }
        }
        Ownership::List(keys) => {
            let (old, new) = (elements(old, node, keys), elements(new, node, keys));
            let mut all: Vec<_> = old.keys().chain(new.keys()).collect();
            all.sort_unstable();
            all.dedup();
            for element in all {
                elements_step(
                    &mut comparison,
                    element,
                    old.get(element),
                    new.get(element),
                    node,
                );
            }
        }
    }
    comparison
}

/// The elements of a list, each with all that are the same one.
type Elements<'a> = BTreeMap<Element, Vec<&'a Value>>;

fn elements<'a>(list: Option<&'a Value>, node: Node<'_>, keys: &[String]) -> Elements<'a> {
    let mut elements = Elements::new();
    for value in list.and_then(Value::as_array).into_iter().flatten() {
        if let Some(element) = node.element(value, keys) {
            elements.entry(element).or_default().push(value);
        }
    }
    elements
}

fn elements_step(
    comparison: &mut Comparison,
    element: &Element,
    old: Option<&Vec<&Value>>,
    new: Option<&Vec<&Value>>,
    node: Node<'_>,
) {
    let single = |values: Option<&Vec<&Value>>| values.is_none_or(|values| values.len() == 1);
    if single(old) && single(new) {
        let old = old.and_then(|values| values.first().copied());
        let new = new.and_then(|values| values.first().copied());
        step(comparison, element, (old, new), node.items());
        return;
    }
    // What stands more than once is owned as a whole.
    let changed = match (old, new) {
        (None, _) => &mut comparison.added,
        (_, None) => &mut comparison.removed,
        (Some(_), Some(_)) if old == new => return,
        (Some(_), Some(_)) => &mut comparison.modified,
    };
    changed.members.insert(element.clone());
}
