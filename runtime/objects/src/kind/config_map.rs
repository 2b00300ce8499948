//! `ConfigMap` of `v1`.

use coracle_model::Timestamp;
use serde_json::{Map, Value};

use super::place::{Faults, Place};
use super::{age, column, verbs, words};
use crate::field::{FieldError, FieldPath};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static CONFIG_MAPS: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[],
    built_in: true,
    strategy: &ConfigMap,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Data", "How many entries it has."),
    column::AGE,
];

/// As much as one object may hold.
pub(super) const MOST: usize = 1 << 20;

struct ConfigMap;

impl Strategy for ConfigMap {
    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let (data, binary) = (Place::of(object, "data"), Place::of(object, "binaryData"));
        let mut size = 0;
        for (key, value) in data.entries() {
            check_key(key, &value, &mut faults);
            if binary.key(key).is_set() {
                faults.push(value.invalid_as(key, "duplicate of key present in binaryData"));
            }
            size += value.text().len();
        }
        for (key, value) in binary.entries() {
            check_key(key, &value, &mut faults);
            size += decoded_length(value.text());
        }
        if size > MOST {
            faults.push(FieldError::too_long(FieldPath::new("[]"), MOST));
        }
        faults
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        check_frozen(new, old, &["data", "binaryData"], &mut faults);
        faults.extend(self.validate(new));
        faults
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let entries = ["data", "binaryData"].map(|field| {
            let map = object.get(field).and_then(Value::as_object);
            map.map_or(0, Map::len)
        });
        vec![
            object.name().into(),
            entries.iter().sum::<usize>().into(),
            age::age(object, now).into(),
        ]
    }
}

/// What is wrong with a key.
pub(super) fn check_key(key: &str, value: &Place<'_>, faults: &mut Faults) {
    let said = words::check_config_key(key);
    faults.extend(said.into_iter().map(|detail| value.invalid_as(key, detail)));
}

/// How many bytes a text in base 64 stands for.
pub(super) fn decoded_length(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

/// What is wrong with a change of what was made not to change.
pub(super) fn check_frozen(new: &Object, old: &Object, fields: &[&str], faults: &mut Faults) {
    const FROZEN: &str = "field is immutable when `immutable` is set";
    if !Place::of(old, "immutable").is_true() {
        return;
    }
    let immutable = Place::of(new, "immutable");
    if !immutable.is_true() {
        faults.push(immutable.forbidden(FROZEN));
    }
    for field in fields {
        let (now, before) = (Place::of(new, field), Place::of(old, field));
        if now.value() != before.value() && !(now.is_empty() && before.is_empty()) {
            faults.push(now.forbidden(FROZEN));
        }
    }
}
