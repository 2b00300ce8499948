//! `ConfigMap` of `v1`.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, verbs, words};
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

struct ConfigMap;

impl Strategy for ConfigMap {
    fn counts_generation(&self) -> bool {
        false
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        words::first_fault(words::check_subdomain(name))
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let entries = ["data", "binaryData"].map(|field| {
            let map = object.get(field).and_then(Value::as_object);
            map.map_or(0, serde_json::Map::len)
        });
        vec![
            object.name().into(),
            entries.iter().sum::<usize>().into(),
            age::age(object, now).into(),
        ]
    }
}
