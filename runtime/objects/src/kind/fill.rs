//! Filling in what a client left out. A text that is empty and a number that is 0 count as left out, as they do where
//! the types behind the API cannot tell them from nothing.

use serde_json::{Map, Value};

use crate::object::Object;

/// A text where there is none.
pub(super) fn text(map: &mut Map<String, Value>, field: &str, default: &str) {
    if map
        .get(field)
        .is_none_or(|value| value.is_null() || value == "")
    {
        map.insert(field.to_owned(), default.into());
    }
}

/// A number where there is none.
pub(super) fn number(map: &mut Map<String, Value>, field: &str, default: i64) {
    if map
        .get(field)
        .is_none_or(|value| value.is_null() || value == 0)
    {
        map.insert(field.to_owned(), default.into());
    }
}

/// A value where there is none at all.
pub(super) fn value(map: &mut Map<String, Value>, field: &str, default: impl Into<Value>) {
    if map.get(field).is_none_or(Value::is_null) {
        map.insert(field.to_owned(), default.into());
    }
}

/// The map in a field, made when there is none; none when something else is there.
pub(super) fn map_in<'map>(
    map: &'map mut Map<String, Value>,
    field: &str,
) -> Option<&'map mut Map<String, Value>> {
    value(map, field, Map::new());
    map.get_mut(field)?.as_object_mut()
}

/// The map in a field, when there is one.
pub(super) fn map_at<'map>(
    map: &'map mut Map<String, Value>,
    field: &str,
) -> Option<&'map mut Map<String, Value>> {
    map.get_mut(field)?.as_object_mut()
}

/// The maps of the list in a field.
pub(super) fn each<'map>(
    map: &'map mut Map<String, Value>,
    field: &str,
) -> impl Iterator<Item = &'map mut Map<String, Value>> {
    let list = map.get_mut(field).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// A field as it was before.
pub(super) fn keep(new: &mut Object, old: &Object, field: &str) {
    match old.get(field) {
        Some(value) => new.insert(field.to_owned(), value.clone()),
        None => new.remove(field),
    };
}
