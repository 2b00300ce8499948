//! `ReplicaSet` of `apps/v1`: a number of pods of one template, mostly those of one version of a deployment.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, fill, template, verbs};
use crate::field::FieldError;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static REPLICA_SETS: Resource = Resource {
    group: "apps",
    versions: &["v1"],
    kind: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short_names: &["rs"],
    categories: &["all"],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[verbs::SCALE, verbs::status("ReplicaSet")],
    built_in: true,
    strategy: &ReplicaSet,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::integer("Desired", "How many pods there should be."),
    column::integer("Current", "How many there are."),
    column::integer("Ready", "How many are ready."),
    column::AGE,
    column::CONTAINERS,
    column::IMAGES,
    column::SELECTOR,
];

struct ReplicaSet;

impl Strategy for ReplicaSet {
    fn set_defaults(&self, object: &mut Object) {
        template::set_defaults(object);
    }

    fn prepare_for_create(&self, object: &mut Object) {
        object.insert("status".to_owned(), serde_json::json!({"replicas": 0}));
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        template::check(object, &mut faults);
        faults
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        template::check_change(new, old, &mut faults);
        faults
    }

    fn warnings(&self, object: &Object) -> Vec<String> {
        template::warnings(object)
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let count = |path: [&str; 2]| object.at(&path).and_then(Value::as_i64).unwrap_or(0);
        vec![
            object.name().into(),
            count(["spec", "replicas"]).into(),
            count(["status", "replicas"]).into(),
            count(["status", "readyReplicas"]).into(),
            age::age(object, now).into(),
            template::container_names(object).into(),
            template::container_images(object).into(),
            template::label_selector(object.at(&["spec", "selector"])).into(),
        ]
    }
}
