//! `Secret` of `v1`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coracle_model::Timestamp;
use serde_json::Value;

use super::place::{Faults, Place};
use super::{age, column, config_map, fill, verbs};
use crate::field::FieldError;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static SECRETS: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "Secret",
    plural: "secrets",
    singular: "secret",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[],
    built_in: true,
    strategy: &Secret,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Type", "What it is a secret of."),
    column::text("Data", "How many entries it has."),
    column::AGE,
];

/// The entries that a secret of a type has to have: all of them, but for basic authentication, where one is enough.
const ENTRIES: [(&str, &[&str]); 5] = [
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/basic-auth", &["username", "password"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
];

struct Secret;

impl Strategy for Secret {
    fn set_defaults(&self, object: &mut Object) {
        fill::text(object, "type", "Opaque");
        let Some(Value::Object(texts)) = object.remove("stringData") else {
            return;
        };
        if let Some(data) = fill::map_in(object, "data").filter(|_| !texts.is_empty()) {
            let encoded = texts.into_iter().map(|(key, text)| {
                let text = text.as_str().unwrap_or_default();
                (key, STANDARD.encode(text).into())
            });
            data.extend(encoded);
        }
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let data = Place::of(object, "data");
        let mut size = 0;
        for (key, value) in data.entries() {
            config_map::check_key(key, &value, &mut faults);
            size += config_map::decoded_length(value.text());
        }
        if size > config_map::MOST {
            faults.push(data.too_long(config_map::MOST));
        }
        check_type(object, &data, &mut faults);
        faults
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let kind = Place::of(new, "type");
        if kind.value() != Place::of(old, "type").value() {
            faults.push(kind.invalid_text("field is immutable"));
        }
        config_map::check_frozen(new, old, &["data"], &mut faults);
        faults.extend(self.validate(new));
        faults
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn selectable_fields(&self, object: &Object) -> Vec<(&'static str, String)> {
        vec![("type", object.text_at(&["type"]).to_owned())]
    }

    fn selectable_field_names(&self) -> &'static [&'static str] {
        &["type"]
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let data = object.get("data").and_then(Value::as_object);
        vec![
            object.name().into(),
            object.text_at(&["type"]).into(),
            data.map_or(0, serde_json::Map::len).into(),
            age::age(object, now).into(),
        ]
    }
}

fn check_type(object: &Object, data: &Place<'_>, faults: &mut Faults) {
    let kind = object.text_at(&["type"]);
    if kind == "kubernetes.io/service-account-token" {
        let account = "kubernetes.io/service-account.name";
        if object.annotation(account).is_none_or(str::is_empty) {
            let annotations = Place::of(object, "metadata").field("annotations");
            faults.push(annotations.key(account).required(""));
        }
    }
    let entries = ENTRIES.iter().find(|(of, _)| *of == kind);
    let Some((_, entries)) = entries else {
        return;
    };
    let missing: Vec<_> = entries
        .iter()
        .filter(|key| !data.key(key).is_set())
        .collect();
    let one_is_enough = kind == "kubernetes.io/basic-auth";
    if one_is_enough && missing.len() < entries.len() {
        return;
    }
    faults.extend(missing.into_iter().map(|key| data.key(key).required("")));
    if kind.starts_with("kubernetes.io/dockerc") {
        check_json(&data.key(entries[0]), faults);
    }
}

/// The credentials for registries are JSON. What they are is not told.
fn check_json(entry: &Place<'_>, faults: &mut Faults) {
    if !entry.is_set() {
        return;
    }
    let bytes = STANDARD.decode(entry.text()).unwrap_or_default();
    if let Err(error) = serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes) {
        faults.push(entry.invalid_as("<secret contents redacted>", error.to_string()));
    }
}
