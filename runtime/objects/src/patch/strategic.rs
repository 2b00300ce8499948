//! Strategic merge patch: a merge patch that knows by which field the elements of a list are told apart, with
//! directives (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`) among the fields.

use serde_json::{Map, Value};

use super::read::go_text;
use crate::object::Object;
use crate::schema::{Schema, Shape};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

/// What a strategic patch makes of an object.
///
/// # Errors
/// Where the patch contradicts itself or the object.
pub(super) fn apply(object: &Object, patch: &Object, schema: &Schema) -> Result<Object, String> {
    merge_maps(object.clone(), patch, Some(schema))
}

/// What one value of an embedded type becomes with another put over it, as a strategic patch would.
///
/// # Errors
/// Where they contradict each other.
pub fn strategic_merge(type_name: &str, under: &Object, over: &Object) -> Result<Object, String> {
    let schema = Schema {
        shape: Shape::Reference(type_name.to_owned()),
        ..Schema::default()
    };
    apply(under, over, &schema)
}

/// Whether a list is merged, and by which field.
#[derive(Clone, Copy)]
struct ListKind<'a> {
    merged: bool,
    key: &'a str,
    items: Option<&'a Schema>,
}

impl<'a> ListKind<'a> {
    fn of(schema: Option<&'a Schema>) -> Self {
        Self {
            merged: schema.is_some_and(|schema| schema.patch.merge),
            key: schema.map_or("", |schema| &schema.patch.merge_key),
            items: schema.and_then(Schema::items),
        }
    }
}

fn merge_maps(
    mut original: Object,
    patch: &Object,
    schema: Option<&Schema>,
) -> Result<Object, String> {
    match patch
        .get(DIRECTIVE)
        .map(|it| it.as_str().unwrap_or_default())
    {
        None => {}
        Some("replace") => {
            let mut replaced = patch.clone();
            replaced.remove(DIRECTIVE);
            return Ok(replaced);
        }
        Some("delete") => return Ok(Map::new()),
        Some(_) => return Err(unknown_directive(patch)),
    }
    retain_keys(&mut original, patch)?;
    for (name, change) in patch {
        if let Some(field) = name.strip_prefix(DELETE_FROM) {
            delete_values(&mut original, field, change);
        } else if name.starts_with('$') {
            // Directives are no fields; the order of elements is seen to with their list.
            continue;
        } else if change.is_null() {
            original.remove(name);
        } else {
            let field = schema.and_then(|schema| schema.child(name));
            let order = patch.get(&format!("{ORDER}{name}"));
            let merged = merge_values(original.remove(name), change, field, order)?;
            original.insert(name.clone(), merged);
        }
    }
    for (name, order) in patch {
        let field = name
            .strip_prefix(ORDER)
            .filter(|field| !patch.contains_key(*field));
        if let (Some(field), Value::Array(order)) = (field, order)
            && let Some(Value::Array(list)) = original.get(field)
        {
            let kind = ListKind::of(schema.and_then(|schema| schema.child(field)));
            let ordered = arrange(list.clone(), order, list, kind.key);
            original.insert(field.to_owned(), ordered.into());
        }
    }
    Ok(original)
}

fn unknown_directive(map: &Object) -> String {
    let word = map.get(DIRECTIVE).map(go_text).unwrap_or_default();
    let map = go_text(&Value::Object(map.clone()));
    format!("unknown patch type: {word} in map: {map}")
}

fn retain_keys(original: &mut Object, patch: &Object) -> Result<(), String> {
    let Some(retained) = patch.get(RETAIN_KEYS) else {
        return Ok(());
    };
    let Value::Array(retained) = retained else {
        return Err("invalid patch format of retainKeys".to_owned());
    };
    let is_retained = |name: &str| retained.iter().any(|it| it.as_str() == Some(name));
    let foreign = patch
        .iter()
        .find(|(name, change)| !name.starts_with('$') && !change.is_null() && !is_retained(name));
    if foreign.is_some() {
        return Err("invalid patch format of retainKeys".to_owned());
    }
    original.retain(|name, _| is_retained(name));
    Ok(())
}

fn delete_values(original: &mut Object, field: &str, change: &Value) {
    if let (Some(Value::Array(list)), Value::Array(gone)) = (original.get_mut(field), change) {
        list.retain(|value| !gone.contains(value));
    }
}

fn merge_values(
    original: Option<Value>,
    change: &Value,
    schema: Option<&Schema>,
    order: Option<&Value>,
) -> Result<Value, String> {
    match (original, change) {
        (Some(Value::Object(original)), Value::Object(change)) => {
            if schema.is_some_and(|schema| schema.patch.replace) {
                return Ok(plain(&Value::Object(change.clone())));
            }
            merge_maps(original, change, schema).map(Value::Object)
        }
        (Some(Value::Array(original)), Value::Array(change)) => {
            let kind = ListKind::of(schema);
            if !kind.merged {
                return Ok(plain(&Value::Array(change.clone())));
            }
            let order = order.and_then(Value::as_array);
            merge_lists(original, change, kind, order.map(Vec::as_slice)).map(Value::Array)
        }
        (_, change) => Ok(plain(change)),
    }
}

/// A value of a patch where there is nothing to merge it with: without directives and nulls.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields = map.iter();
            let kept = fields.filter(|(name, value)| !name.starts_with('$') && !value.is_null());
            kept.map(|(name, value)| (name.clone(), plain(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(list) => {
            let kept = list.iter().filter(|item| item.get(DIRECTIVE).is_none());
            kept.map(plain).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn merge_lists(
    original: Vec<Value>,
    patch: &[Value],
    kind: ListKind<'_>,
    order: Option<&[Value]>,
) -> Result<Vec<Value>, String> {
    let both = original.iter().chain(patch);
    let maps = both.clone().filter(|value| value.is_object()).count();
    if maps > 0 && maps < both.count() {
        return Err(format!(
            "list element types are not identical: [{} {}]",
            go_text(&Value::Array(original)),
            go_text(&Value::Array(patch.to_vec()))
        ));
    }
    let (merged, given) = if maps == 0 {
        let mut merged: Vec<Value> = Vec::new();
        for value in original.iter().chain(patch) {
            if !merged.contains(value) {
                merged.push(value.clone());
            }
        }
        (merged, patch.to_vec())
    } else {
        merge_elements(original.clone(), patch, kind)?
    };
    if let Some(order) = order {
        check_order(&given, order, kind.key)?;
    }
    Ok(arrange(
        merged,
        order.unwrap_or(&given),
        &original,
        kind.key,
    ))
}

/// The merged elements, and those of the patch that are no directives.
fn merge_elements(
    mut original: Vec<Value>,
    patch: &[Value],
    kind: ListKind<'_>,
) -> Result<(Vec<Value>, Vec<Value>), String> {
    let key_of = |element: &Object| {
        element.get(kind.key).cloned().ok_or_else(|| {
            let map = go_text(&Value::Object(element.clone()));
            format!(
                "map: {map} does not contain declared merge key: {}",
                kind.key
            )
        })
    };
    let elements: Vec<_> = patch.iter().filter_map(Value::as_object).collect();
    let mut given = Vec::new();
    let mut replaces = false;
    for element in elements {
        match element
            .get(DIRECTIVE)
            .map(|it| it.as_str().unwrap_or_default())
        {
            None => given.push(element),
            Some("replace") => replaces = true,
            Some("delete") => {
                let gone = key_of(element)?;
                original.retain(|other| other.get(kind.key) != Some(&gone));
            }
            Some(_) => return Err(unknown_directive(element)),
        }
    }
    let values: Vec<_> = given
        .iter()
        .map(|it| Value::Object((*it).clone()))
        .collect();
    if replaces {
        return Ok((values.iter().map(plain).collect(), values));
    }
    for element in given {
        let wanted = key_of(element)?;
        let same = original
            .iter_mut()
            .find(|other| other.get(kind.key) == Some(&wanted));
        match same {
            Some(value) => {
                let before = value.as_object().cloned().unwrap_or_default();
                *value = merge_maps(before, element, kind.items)?.into();
            }
            None => original.push(plain(&Value::Object(element.clone()))),
        }
    }
    Ok((original, values))
}

/// Whether two elements are the same one.
fn same(one: &Value, other: &Value, key: &str) -> bool {
    if key.is_empty() || !one.is_object() {
        one == other
    } else {
        one.get(key).is_some() && one.get(key) == other.get(key)
    }
}

fn place(element: &Value, list: &[Value], key: &str) -> Option<usize> {
    list.iter().position(|other| same(element, other, key))
}

fn check_order(given: &[Value], order: &[Value], key: &str) -> Result<(), String> {
    let mut rest = order.iter();
    let in_order = given
        .iter()
        .all(|element| rest.any(|other| same(element, other, key)));
    if in_order {
        return Ok(());
    }
    Err(format!(
        "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
        go_text(&Value::Array(given.to_vec())),
        go_text(&Value::Array(order.to_vec()))
    ))
}

/// Puts the elements that `order` names in its order, the others in that of the original list, and both together so
/// that of two that were in the original list the one before stays before.
fn arrange(merged: Vec<Value>, order: &[Value], original: &[Value], key: &str) -> Vec<Value> {
    let named = |element: &Value| place(element, order, key);
    let (mut ours, mut others): (Vec<_>, Vec<_>) = merged
        .into_iter()
        .partition(|element| named(element).is_some());
    let before = |element: &Value| place(element, original, key);
    ours.sort_by_key(|element| named(element));
    others.sort_by_key(|element| before(element).unwrap_or(usize::MAX));
    let mut arranged = Vec::new();
    let (mut ours, mut others) = (ours.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let take_other = match (ours.peek(), others.peek()) {
            (None, None) => return arranged,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(our), Some(other)) => match (before(our), before(other)) {
                (Some(our), Some(other)) => other < our,
                (None, _) | (_, None) => false,
            },
        };
        arranged.extend(if take_other {
            others.next()
        } else {
            ours.next()
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::schema::ObjectType;

    fn patched(spec: Value, patch: Value) -> Result<Value, String> {
        let pod = ObjectType::built_in("", "v1", "Pod").unwrap();
        let object = Map::from_iter([("spec".to_owned(), spec)]);
        let patch = Map::from_iter([("spec".to_owned(), patch)]);
        apply(&object, &patch, &pod.schema).map(|object| object["spec"].clone())
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is checked is written in place"
    )]
    fn check(spec: Value, patch: Value, expected: Value) {
        assert_eq!(patched(spec, patch.clone()), Ok(expected), "{patch}");
    }

    #[test]
    fn lists_merge_by_their_key() {
        let one = || json!({"containers": [{"name": "a", "image": "x"}, {"name": "b"}]});
        check(
            one(),
            json!({"containers": [{"name": "a", "image": "y"}]}),
            json!({"containers": [{"name": "a", "image": "y"}, {"name": "b"}]}),
        );
        check(
            one(),
            json!({"containers": [{"name": "c"}]}),
            json!({"containers": [{"name": "c"}, {"name": "a", "image": "x"}, {"name": "b"}]}),
        );
        check(
            one(),
            json!({"containers": [{"name": "a", "$patch": "delete"}]}),
            json!({"containers": [{"name": "b"}]}),
        );
        check(
            one(),
            json!({"containers": [{"$patch": "replace"}, {"name": "z"}]}),
            json!({"containers": [{"name": "z"}]}),
        );
        check(
            one(),
            json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
            json!({"containers": [{"name": "b"}, {"name": "a", "image": "x"}]}),
        );
    }

    #[test]
    fn directives_of_maps_and_values() {
        check(
            json!({"volumes": [{"name": "v", "emptyDir": {}}]}),
            json!({"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]}),
            json!({"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]}),
        );
        check(
            json!({"nodeSelector": {"a": "b"}}),
            json!({"nodeSelector": {"$patch": "replace", "c": "d"}}),
            json!({"nodeSelector": {"c": "d"}}),
        );
        check(
            json!({"tolerations": [{"key": "a"}]}),
            json!({"tolerations": [{"key": "b"}]}),
            json!({"tolerations": [{"key": "b"}]}),
        );
    }

    #[test]
    fn contradictions_are_told() {
        let spec = || json!({"containers": [{"name": "a"}]});
        let fault = patched(spec(), json!({"containers": [{"image": "x"}]})).unwrap_err();
        assert_eq!(
            fault,
            "map: map[image:x] does not contain declared merge key: name"
        );
        let fault = patched(
            spec(),
            json!({"containers": [{"name": "a", "$patch": "x"}]}),
        );
        assert_eq!(
            fault.unwrap_err(),
            "unknown patch type: x in map: map[$patch:x name:a]"
        );
    }

    proptest! {
        #[test]
        fn patching_twice_is_patching_once(
            have in prop::collection::btree_map("[a-e]", "[x-z]", 0..5),
            patch in prop::collection::btree_map("[a-e]", "[x-z]", 0..5),
        ) {
            let list = |map: &std::collections::BTreeMap<String, String>| -> Value {
                map.iter().map(|(name, image)| json!({"name": name, "image": image})).collect()
            };
            let patch = json!({"containers": list(&patch)});
            let once = patched(json!({"containers": list(&have)}), patch.clone()).unwrap();
            let twice = patched(once.clone(), patch.clone()).unwrap();
            prop_assert_eq!(&twice, &once);
            let names: Vec<_> = once["containers"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
            for container in patch["containers"].as_array().unwrap() {
                prop_assert!(names.contains(&container["name"]));
            }
        }
    }
}
