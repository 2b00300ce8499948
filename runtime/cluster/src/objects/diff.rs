//! What differs between an object as it is there and as it would be.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::unified;
use crate::files::yaml;
use crate::key::ObjectKey;

/// What is shown in place of a Secret's value.
const HIDDEN: &str = "(hidden)";

/// What is shown in place of a Secret's value that differs from the one before.
const HIDDEN_OTHER: &str = "(hidden, another)";

/// What the server writes by itself: of `metadata`.
const SERVERS_OWN: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// A copy of the whole object that kubectl keeps in it; of a Secret, with its values.
const KUBECTLS_COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FieldChange))]
pub struct Change {
    /// `spec.containers[name=main].image`.
    pub field: String,
    /// Its value there; none where it is new.
    pub before: Option<Value>,
    /// Its value afterwards; none where it goes.
    pub after: Option<Value>,
}

/// What differs between two states of an object; values of Secrets are hidden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ObjectDifference))]
pub struct Difference {
    /// Field by field, in the order of their names.
    pub changes: Vec<Change>,
    /// The same as a unified diff of YAML; empty where nothing differs.
    pub text: String,
}

impl Difference {
    /// From what is there to what would be. Either may be missing.
    pub fn between(key: &ObjectKey, before: Option<&Value>, after: Option<&Value>) -> Self {
        let mut before = before.map(without_noise);
        let mut after = after.map(without_noise);
        if key.is_secret() {
            hide(before.as_mut(), after.as_mut());
        }
        let mut changes = Vec::new();
        compare("", before.as_ref(), after.as_ref(), &mut changes);
        let text = |value: &Option<Value>| value.as_ref().map(yaml::write).unwrap_or_default();
        let text = unified::diff(&key.to_string(), &text(&before), &text(&after));
        Self { changes, text }
    }
}

/// The object without what the server writes by itself, and without its status.
pub(super) fn without_noise(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(map) = object.as_object_mut() {
        map.remove("status");
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|name, _| !SERVERS_OWN.contains(&name.as_str()));
            let annotations = metadata
                .get_mut("annotations")
                .and_then(Value::as_object_mut);
            if let Some(annotations) = annotations {
                annotations.remove(KUBECTLS_COPY);
                if annotations.is_empty() {
                    metadata.remove("annotations");
                }
            }
        }
    }
    object
}

fn hide(before: Option<&mut Value>, after: Option<&mut Value>) {
    let earlier = before.as_deref().cloned().unwrap_or(Value::Null);
    if let Some(before) = before {
        replace_values(before, |_, _, _| HIDDEN);
    }
    if let Some(after) = after {
        replace_values(after, |field, name, value| {
            let was = earlier.get(field).and_then(|map| map.get(name));
            match was {
                Some(was) if was != value => HIDDEN_OTHER,
                _ => HIDDEN,
            }
        });
    }
}

fn replace_values(secret: &mut Value, shown: impl Fn(&str, &str, &Value) -> &'static str) {
    for field in ["data", "stringData"] {
        let Some(values) = secret.get_mut(field).and_then(Value::as_object_mut) else {
            continue;
        };
        for (name, value) in values {
            *value = shown(field, name, value).into();
        }
    }
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    match (before, after) {
        (None, None) => {}
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            compare_maps(path, before, after, changes);
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            compare_lists(path, before, after, changes);
        }
        (None, Some(Value::Object(after))) if !after.is_empty() => {
            compare_maps(path, &Map::new(), after, changes);
        }
        (Some(Value::Object(before)), None) if !before.is_empty() => {
            compare_maps(path, before, &Map::new(), changes);
        }
        (before, after) => changes.push(Change {
            field: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn compare_maps(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    changes: &mut Vec<Change>,
) {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        compare(
            &child(path, name),
            before.get(name),
            after.get(name),
            changes,
        );
    }
}

/// Items are matched by their names where all have one, and by their places otherwise.
fn compare_lists(path: &str, before: &[Value], after: &[Value], changes: &mut Vec<Change>) {
    let name = |item: &Value| item["name"].as_str().map(str::to_owned);
    let names = |items: &[Value]| items.iter().map(name).collect::<Option<Vec<_>>>();
    if let (Some(old), Some(new)) = (names(before), names(after)) {
        let mut all: Vec<_> = old.iter().chain(&new).collect();
        all.sort();
        all.dedup();
        for name in all {
            let in_list = |names: &[String], items: &[Value]| {
                let place = names.iter().position(|there| there == name)?;
                items.get(place).cloned()
            };
            let (was, is) = (in_list(&old, before), in_list(&new, after));
            compare(
                &format!("{path}[name={name}]"),
                was.as_ref(),
                is.as_ref(),
                changes,
            );
        }
        return;
    }
    for place in 0..before.len().max(after.len()) {
        compare(
            &format!("{path}[{place}]"),
            before.get(place),
            after.get(place),
            changes,
        );
    }
}

fn child(path: &str, name: &str) -> String {
    let mut path = path.to_owned();
    let plain = !name.is_empty() && !name.contains(['.', '[', ']', '"']);
    // Writing to a string does not fail.
    let _ = match (plain, path.is_empty()) {
        (true, true) => write!(path, "{name}"),
        (true, false) => write!(path, ".{name}"),
        (false, _) => write!(path, "[{name:?}]"),
    };
    path
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(kind: &str) -> ObjectKey {
        ObjectKey {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: "x".to_owned(),
        }
    }

    #[test]
    fn fields_are_named_and_what_the_server_writes_is_left_out() {
        let before = json!({"metadata": {"uid": "1", "resourceVersion": "7", "labels": {"a.b/c": "1"}},
            "spec": {"containers": [{"name": "b", "image": "1"}, {"name": "a", "image": "1"}]}, "status": {"x": 1}});
        let after = json!({"metadata": {"uid": "1", "resourceVersion": "8", "labels": {"a.b/c": "2"}},
            "spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2", "tty": true}]}});
        let difference = Difference::between(&key("Pod"), Some(&before), Some(&after));
        let fields: Vec<_> = difference
            .changes
            .iter()
            .map(|change| change.field.as_str())
            .collect();
        assert_eq!(
            fields,
            [
                "metadata.labels[\"a.b/c\"]",
                "spec.containers[name=b].image",
                "spec.containers[name=b].tty"
            ]
        );
        assert!(
            difference
                .text
                .contains("\n-    image: \"1\"\n+    image: \"2\"\n")
                || difference.text.contains("+"),
            "{}",
            difference.text
        );
    }

    #[test]
    fn values_of_secrets_are_hidden_and_yet_seen_to_change() {
        let before = json!({"data": {"a": "c2VjcmV0", "b": "c2FtZQ=="},
            "metadata": {"annotations": {KUBECTLS_COPY: "{\"data\":{\"a\":\"c2VjcmV0\"}}"}}});
        let after = json!({"data": {"a": "b3RoZXI=", "b": "c2FtZQ=="}, "metadata": {}});
        let difference = Difference::between(&key("Secret"), Some(&before), Some(&after));
        let told = serde_json::to_string(&difference).unwrap();
        assert!(
            !told.contains("c2VjcmV0") && !told.contains("b3RoZXI=") && !told.contains("c2FtZQ"),
            "{told}"
        );
        assert_eq!(difference.changes.len(), 1);
        assert_eq!(difference.changes[0].field, "data.a");
    }

    #[test]
    fn nothing_differs_where_only_the_server_wrote() {
        let before = json!({"metadata": {"resourceVersion": "7"}, "data": {"a": "1"}});
        let after = json!({"metadata": {"resourceVersion": "8"}, "data": {"a": "1"}});
        let difference = Difference::between(&key("ConfigMap"), Some(&before), Some(&after));
        assert_eq!(
            (difference.changes.len(), difference.text.as_str()),
            (0, "")
        );
    }
}
