//! JSON merge patch, RFC 7386.

use serde_json::{Map, Value};

use crate::object::Object;

/// What a merge patch makes of an object.
pub(super) fn apply(object: &Object, patch: &Object) -> Object {
    let mut merged = object.clone();
    merge(&mut merged, patch);
    merged
}

fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(change) => {
                let value = target.entry(name.clone()).or_insert(Value::Null);
                if !value.is_object() {
                    *value = Map::new().into();
                }
                if let Value::Object(inner) = value {
                    merge(inner, change);
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                target.insert(name.clone(), change.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is checked is written in place"
    )]
    fn check(object: Value, patch: Value, expected: Value) {
        let (Value::Object(object), Value::Object(patch)) = (object, patch) else {
            panic!("both are objects")
        };
        assert_eq!(Value::Object(apply(&object, &patch)), expected);
    }

    #[test]
    fn nulls_remove_maps_merge_and_all_else_replaces() {
        check(
            json!({"a": {"b": 1, "c": [1]}, "d": 2, "e": "x"}),
            json!({"a": {"b": null, "c": [2]}, "d": null, "e": {"f": {"g": null}}, "h": null}),
            json!({"a": {"c": [2]}, "e": {"f": {}}}),
        );
    }

    fn maps() -> impl Strategy<Value = Map<String, Value>> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..9).prop_map(Value::from)
        ];
        let value = leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        });
        prop::collection::btree_map("[a-d]", value, 0..4).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn patching_twice_is_patching_once(object in maps(), patch in maps()) {
            let once = apply(&object, &patch);
            prop_assert_eq!(apply(&once, &patch), once);
        }

        #[test]
        fn an_empty_patch_changes_nothing(object in maps()) {
            prop_assert_eq!(apply(&object, &Map::new()), object);
        }

        #[test]
        fn what_is_not_named_stays(object in maps(), patch in maps()) {
            let merged = apply(&object, &patch);
            for (name, value) in &object {
                if !patch.contains_key(name) {
                    prop_assert_eq!(merged.get(name), Some(value));
                }
            }
        }
    }
}
