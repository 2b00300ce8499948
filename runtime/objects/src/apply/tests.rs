//! What applies and updates make of objects and of their managers.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::decode::{Body, FieldValidation};
use crate::object::Object;
use crate::schema::ObjectType;
use crate::status::Status;

fn config_map() -> &'static ObjectType {
    ObjectType::built_in("", "v1", "ConfigMap").unwrap()
}

fn manager(name: &str) -> Manager<'_> {
    Manager {
        name,
        subresource: "",
        reset_fields: &[],
        now: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn of_data(data: &Value) -> Object {
    object(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}),
    )
}

fn applied(
    stored: Option<&Object>,
    data: &Value,
    name: &str,
    force: Force,
) -> Result<Object, Status> {
    apply(stored, &of_data(data), config_map(), &manager(name), force)
}

/// The managers with their operations and fields, without what is the same of all.
fn managers(object: &Object) -> Value {
    let entries = object["metadata"]["managedFields"].as_array();
    let told = entries.into_iter().flatten();
    told.map(|it| json!([it["manager"], it["operation"], it["fieldsV1"]]))
        .collect()
}

#[test]
fn fields_are_shared_taken_and_dropped() {
    let first = applied(None, &json!({"a": "1", "b": "1"}), "red", Force::No).unwrap();
    let both = json!({"f:data": {"f:a": {}, "f:b": {}}});
    assert_eq!(managers(&first), json!([["red", "Apply", both]]));

    let refused = applied(Some(&first), &json!({"a": "2"}), "blue", Force::No).unwrap_err();
    assert_eq!(refused.code, 409);
    assert_eq!(
        refused.message,
        r#"Apply failed with 1 conflict: conflict with "red": .data.a"#
    );
    let cause = &refused.details.unwrap().causes[0];
    assert_eq!(
        (cause.field.as_str(), cause.reason.as_str()),
        (".data.a", "FieldManagerConflict")
    );

    let shared = applied(Some(&first), &json!({"a": "1"}), "blue", Force::No).unwrap();
    let dropped = applied(Some(&shared), &json!({}), "red", Force::No).unwrap();
    assert_eq!(
        dropped["data"],
        json!({"a": "1"}),
        "what blue has stays, what nobody has goes"
    );

    let taken = applied(Some(&first), &json!({"a": "2"}), "blue", Force::Yes).unwrap();
    assert_eq!(taken["data"], json!({"a": "2", "b": "1"}));
    let a = json!({"f:data": {"f:a": {}}});
    let b = json!({"f:data": {"f:b": {}}});
    assert_eq!(
        managers(&taken),
        json!([["blue", "Apply", a], ["red", "Apply", b]])
    );
}

#[test]
fn updates_take_what_they_change_and_only_that() {
    let first = applied(None, &json!({"a": "1", "b": "1"}), "red", Force::No).unwrap();
    let mut changed = first.clone();
    changed["data"] = json!({"a": "2", "b": "1", "c": "1"});
    track_update(Some(&first), &mut changed, config_map(), &manager("hand"));
    assert_eq!(
        managers(&changed),
        json!([
            ["red", "Apply", {"f:data": {"f:b": {}}}],
            ["hand", "Update", {"f:data": {"f:a": {}, "f:c": {}}}],
        ])
    );
    let mut same = changed.clone();
    track_update(Some(&changed), &mut same, config_map(), &manager("other"));
    assert_eq!(same, changed);
    assert!(same_but_for_times(&changed, &same));
}

#[test]
fn what_is_made_is_managed_and_what_nobody_manages_is_not() {
    let mut made = of_data(&json!({"a": "1"}));
    track_update(None, &mut made, config_map(), &manager("hand"));
    assert_eq!(
        managers(&made),
        json!([["hand", "Update", {"f:data": {".": {}, "f:a": {}}}]])
    );

    let unmanaged = of_data(&json!({"a": "1"}));
    let mut changed = of_data(&json!({"a": "2"}));
    track_update(
        Some(&unmanaged),
        &mut changed,
        config_map(),
        &manager("hand"),
    );
    assert_eq!(managers(&changed), json!([]));

    let adopted = applied(Some(&unmanaged), &json!({"b": "1"}), "red", Force::No).unwrap();
    let names: Vec<_> = managers(&adopted)
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it[0].clone())
        .collect();
    assert_eq!(names, ["red", "before-first-apply"]);
}

#[test]
fn at_most_ten_updaters_are_told_apart() {
    let mut stored = of_data(&json!({"a": "0"}));
    track_update(None, &mut stored, config_map(), &manager("m0"));
    for number in 1..15 {
        let mut changed = stored.clone();
        changed["data"][format!("k{number}")] = "x".into();
        let name = format!("m{number}");
        track_update(Some(&stored), &mut changed, config_map(), &manager(&name));
        stored = changed;
    }
    let names = managers(&stored);
    assert_eq!(names.as_array().unwrap().len(), 10);
    assert!(names.to_string().contains("ancient-changes"));
}

#[test]
fn elements_of_lists_are_owned_one_by_one() {
    let pod = ObjectType::built_in("", "v1", "Pod").unwrap();
    let of = |containers: Value| {
        object(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": containers}}),
        )
    };
    let ports = json!([{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]);
    let one = of(json!([{"name": "a", "image": "i", "ports": ports}]));
    let first = apply(None, &one, pod, &manager("red"), Force::No).unwrap();
    let port = "k:{\"containerPort\":80,\"protocol\":\"TCP\"}";
    let fields = &first["metadata"]["managedFields"][0]["fieldsV1"];
    let own = &fields["f:spec"]["f:containers"]["k:{\"name\":\"a\"}"];
    assert_eq!(
        own["f:ports"][port],
        json!({".": {}, "f:containerPort": {}})
    );

    let other = of(json!([{"name": "b", "image": "i"}]));
    let two = apply(Some(&first), &other, pod, &manager("blue"), Force::No).unwrap();
    assert_eq!(two["spec"]["containers"].as_array().unwrap().len(), 2);
    let gone = apply(Some(&two), &of(json!([])), pod, &manager("red"), Force::No).unwrap();
    assert_eq!(gone["spec"]["containers"].as_array().unwrap().len(), 1);
}

#[test]
fn bodies_are_refused_in_the_words_of_kubernetes() {
    let fault = |text: &str| {
        let body = Body {
            content_type: Some("application/apply-patch+yaml"),
            bytes: text.as_bytes(),
        };
        let read = configuration(body, config_map(), FieldValidation::Strict);
        let object = match read {
            Ok(decoded) => decoded.object,
            Err(status) => return (status.code, status.message),
        };
        let status = apply(None, &object, config_map(), &manager("m"), Force::No).unwrap_err();
        (status.code, status.message)
    };
    let of_type = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ap}\n";
    assert_eq!(fault(""), (400, "invalid object type: /, Kind=".to_owned()));
    let (code, message) = fault(&format!("{of_type}data: {{a: 1}}"));
    let lead = "failed to create typed patch object (/ap; /v1, Kind=ConfigMap): ";
    assert_eq!(code, 500);
    assert_eq!(
        message,
        format!("{lead}.data.a: expected string, got &value.valueUnstructured{{Value:1}}")
    );
    assert_eq!(
        fault(&format!("{of_type}foo: 1")).1,
        format!("{lead}.foo: field not declared in schema")
    );
    let (_, message) = fault(&format!("{of_type}data: {{a: x, a: y}}"));
    assert!(
        message.ends_with("line 4: key \"a\" already set in map"),
        "{message}"
    );
}

/// Not empty: an empty map that somebody has and nobody fills is in conflict with itself, in Kubernetes too.
fn data() -> impl Strategy<Value = Value> {
    let map = prop::collection::btree_map("[a-d]", "[x-z]", 1..4);
    map.prop_map(|map| {
        map.into_iter()
            .map(|(key, value)| (key, Value::from(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    })
}

proptest! {
    #[test]
    fn applying_twice_changes_nothing(steps in prop::collection::vec((data(), "[rgb]"), 1..6)) {
        let mut stored = None;
        for (data, name) in &steps {
            let once = applied(stored.as_ref(), data, name, Force::Yes).unwrap();
            let twice = applied(Some(&once), data, name, Force::No).unwrap();
            prop_assert_eq!(&twice, &once);
            stored = Some(once);
        }
    }

    #[test]
    fn what_was_applied_is_there_and_owned(steps in prop::collection::vec((data(), "[rgb]"), 1..6)) {
        let mut stored = None;
        for (data, name) in &steps {
            let now = applied(stored.as_ref(), data, name, Force::Yes).unwrap();
            for (key, value) in data.as_object().unwrap() {
                prop_assert_eq!(&now["data"][key], value);
            }
            let owned: std::collections::BTreeSet<_> = now["metadata"]["managedFields"].as_array().into_iter().flatten()
                .flat_map(|entry| entry["fieldsV1"]["f:data"].as_object().into_iter().flatten())
                .map(|(key, _)| key.trim_start_matches("f:").to_owned())
                .collect();
            let there = now.get("data").and_then(Value::as_object);
            for key in there.into_iter().flatten().map(|(key, _)| key) {
                prop_assert!(owned.contains(key), "nobody has {}", key);
            }
            stored = Some(now);
        }
    }
}
