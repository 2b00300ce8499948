//! Which fields a manager owns, and the values at them.
//!
//! The format is `FieldsV1`: `f:NAME` is a field, `k:{...}` the item of a list with these keys, `v:...` an item of a set,
//! `i:N` an item by its place, and `.` the field itself. An empty set owns the value whole.

use serde_json::{Map, Value};

use super::FIELD_MANAGER;

/// The fields that were applied by us, of an object's `managedFields`. None where there are none.
pub(super) fn applied_by_us(object: &Value) -> Option<Value> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    let ours = entries.iter().filter(|entry| is_ours(entry));
    ours.map(|entry| entry["fieldsV1"].clone())
        .reduce(|left, right| union(&left, &right))
}

/// Whether an entry of `managedFields` is what we applied.
pub(super) fn is_ours(entry: &Value) -> bool {
    entry["manager"] == FIELD_MANAGER
        && entry["operation"] == "Apply"
        && entry.get("subresource").is_none()
}

/// The fields of either set. A set that is empty owns the whole, so it has the other's fields as well.
pub(super) fn union(left: &Value, right: &Value) -> Value {
    let (Some(left), Some(right)) = (left.as_object(), right.as_object()) else {
        return left.clone();
    };
    if left.is_empty() || right.is_empty() {
        return Value::Object(Map::new());
    }
    let mut all = left.clone();
    for (name, set) in right {
        let joined = all
            .get(name)
            .map_or_else(|| set.clone(), |there| union(there, set));
        all.insert(name.clone(), joined);
    }
    Value::Object(all)
}

/// The values of an object at some fields, with what it takes to apply them. Fields that it lacks are left out.
pub(super) fn extract(object: &Value, fields: &Value) -> Value {
    let mut config = pick(object, fields);
    let Some(map) = config.as_object_mut() else {
        return config;
    };
    for field in ["apiVersion", "kind"] {
        map.insert(field.to_owned(), object[field].clone());
    }
    let metadata = map
        .entry("metadata")
        .or_insert_with(|| Value::Object(Map::new()));
    for field in ["name", "namespace"] {
        if let Some(value) = object["metadata"].get(field) {
            metadata[field] = value.clone();
        }
    }
    config
}

fn pick(value: &Value, fields: &Value) -> Value {
    let Some(fields) = fields.as_object().filter(|fields| !fields.is_empty()) else {
        return value.clone();
    };
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter_map(|(name, value)| {
                    let set = fields.get(&format!("f:{name}"))?;
                    Some((name.clone(), pick(value, set)))
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .enumerate()
                .filter_map(|(place, item)| Some(pick(item, of_item(fields, place, item)?)))
                .collect(),
        ),
        scalar => scalar.clone(),
    }
}

fn of_item<'a>(fields: &'a Map<String, Value>, place: usize, item: &Value) -> Option<&'a Value> {
    let is_meant = |name: &str| match name.split_once(':') {
        Some(("k", keys)) => serde_json::from_str::<Map<String, Value>>(keys)
            .is_ok_and(|keys| keys.iter().all(|(key, value)| item.get(key) == Some(value))),
        Some(("v", value)) => {
            serde_json::from_str::<Value>(value).is_ok_and(|value| value == *item)
        }
        Some(("i", index)) => index.parse() == Ok(place),
        _ => false,
    };
    fields
        .iter()
        .find(|(name, _)| is_meant(name))
        .map(|(_, set)| set)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "namespace": "n", "labels": {"a": "1", "b": "2"}, "finalizers": ["x", "y"]},
            "spec": {"containers": [
                {"name": "main", "image": "i:1", "command": ["sh", "-c"], "tty": false},
                {"name": "side", "image": "j:1"},
            ]},
        })
    }

    #[test]
    fn values_are_taken_at_owned_fields_alone() {
        let fields = json!({
            "f:metadata": {"f:labels": {"f:b": {}}, "f:finalizers": {".": {}, "v:\"y\"": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"main\"}": {".": {}, "f:name": {}, "f:image": {}, "f:command": {}, "f:env": {}}}},
        });
        assert_eq!(
            extract(&pod(), &fields),
            json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "p", "namespace": "n", "labels": {"b": "2"}, "finalizers": ["y"]},
                "spec": {"containers": [{"name": "main", "image": "i:1", "command": ["sh", "-c"]}]},
            })
        );
    }

    #[test]
    fn a_union_has_the_fields_of_both_and_a_whole_stays_whole() {
        let left = json!({"f:a": {"f:x": {}}, "f:b": {}});
        let right = json!({"f:a": {"f:y": {}}, "f:b": {"f:z": {}}});
        assert_eq!(
            union(&left, &right),
            json!({"f:a": {"f:x": {}, "f:y": {}}, "f:b": {}})
        );
    }

    #[test]
    fn ours_is_what_was_applied_and_not_what_was_written_otherwise() {
        let entry = |manager: &str, operation: &str| json!({"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {}}});
        let of = |entries: Value| applied_by_us(&json!({"metadata": {"managedFields": entries}}));
        assert_eq!(
            of(json!([
                entry("kubectl", "Apply"),
                entry("coracle", "Update")
            ])),
            None
        );
        assert!(of(json!([entry("coracle", "Apply")])).is_some());
    }
}
