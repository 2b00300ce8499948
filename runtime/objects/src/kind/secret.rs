//! `Secret` of `v1`.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, verbs, words};
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

struct Secret;

impl Strategy for Secret {
    fn counts_generation(&self) -> bool {
        false
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        words::first_fault(words::check_subdomain(name))
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
