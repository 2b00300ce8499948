//! An applied object laid over the stored one.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

use super::element::Element;
use super::node::{Node, Ownership};

/// The stored value with what was applied over it; none where nothing is left.
pub(super) fn merge(
    stored: Option<&Value>,
    applied: Option<&Value>,
    node: Node<'_>,
) -> Option<Value> {
    let (Some(below), Some(above)) = (stored, applied) else {
        return applied.or(stored).cloned();
    };
    match node.ownership(stored, applied) {
        Ownership::Map if !is_nothing(below) || !is_nothing(above) => {
            let merged = merge_maps(below.as_object(), above.as_object(), node);
            (!merged.is_empty()).then(|| merged.into())
        }
        Ownership::List(keys) if !is_nothing(below) || !is_nothing(above) => {
            let (below, above) = (list(below), list(above));
            let merged = Lists { node, keys }.merge(below, above);
            (!merged.is_empty()).then(|| merged.into())
        }
        Ownership::Leaf | Ownership::Map | Ownership::List(_) => Some(above.clone()),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn merge_maps(
    below: Option<&Map<String, Value>>,
    above: Option<&Map<String, Value>>,
    node: Node<'_>,
) -> Map<String, Value> {
    let mut merged = Map::new();
    let names = below.into_iter().chain(above).flat_map(Map::keys);
    for name in names {
        let get = |map: Option<&'_ Map<String, Value>>| map.and_then(|map| map.get(name)).cloned();
        let (below, above) = (get(below), get(above));
        if let Some(value) = merge(below.as_ref(), above.as_ref(), node.field(name)) {
            merged.insert(name.clone(), value);
        }
    }
    merged
}

/// Two lists of a place whose elements are told apart.
struct Lists<'a> {
    node: Node<'a>,
    keys: &'a [String],
}

impl Lists<'_> {
    /// The elements of both. Those that were applied stand in the order in which they were; the others stay behind the
    /// one that they were behind.
    fn merge(&self, below: &[Value], above: &[Value]) -> Vec<Value> {
        let told = |value: &Value| self.node.element(value, self.keys);
        let stored: Vec<_> = below.iter().map(|value| (told(value), value)).collect();
        let applied: Vec<_> = above.iter().map(|value| (told(value), value)).collect();
        let first_of = |list: &[(Option<Element>, &Value)]| {
            let mut first = BTreeMap::new();
            for (element, value) in list {
                if let Some(element) = element {
                    first
                        .entry(element.clone())
                        .or_insert_with(|| (*value).clone());
                }
            }
            first
        };
        let (by_stored, by_applied) = (first_of(&stored), first_of(&applied));
        let is_shared = |element: &Option<Element>| {
            let element = element.as_ref();
            element.is_some_and(|it| by_stored.contains_key(it) && by_applied.contains_key(it))
        };
        let shared = applied.iter().map(|(element, _)| element);
        let mut shared: VecDeque<_> = shared.filter(|it| is_shared(it)).collect();
        let both = |element: &Option<Element>, above: &Value| {
            let below = element.as_ref().and_then(|it| by_stored.get(it));
            merge(below, Some(above), self.node.items())
        };
        let mut merged = Vec::new();
        let (mut ours, mut theirs) = (applied.iter().peekable(), stored.iter().peekable());
        loop {
            match (theirs.peek().copied(), ours.peek().copied()) {
                (None, None) => return merged,
                (Some((element, value)), _) if !is_shared(element) => {
                    merged.push((*value).clone());
                    theirs.next();
                }
                // A shared one whose turn has passed or is yet to come stands where it was applied.
                (Some((element, _)), Some((applied, _)))
                    if element != applied && shared.front() != Some(&element) =>
                {
                    theirs.next();
                }
                (their, Some((element, value))) => {
                    merged.extend(both(element, value));
                    if shared.front() == Some(&element) {
                        shared.pop_front();
                    }
                    if their.is_some_and(|(theirs, _)| theirs == element) {
                        theirs.next();
                    }
                    ours.next();
                }
                (Some(_), None) => {
                    theirs.next();
                }
            }
        }
    }
}
