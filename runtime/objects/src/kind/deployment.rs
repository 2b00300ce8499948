//! `Deployment` of `apps/v1`. The workbench shows what it runs as one; clients look.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, fill, template, verbs, words};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static DEPLOYMENTS: Resource = Resource {
    group: "apps",
    versions: &["v1"],
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short_names: &["deploy"],
    categories: &["all"],
    scope: Scope::Namespaced,
    verbs: verbs::READ,
    subresources: &[verbs::READ_SCALE, verbs::read_status("Deployment")],
    built_in: true,
    strategy: &Deployment,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Ready", "How many of its pods are ready, of how many."),
    column::text(
        "Up-to-date",
        "How many of its pods are of the newest template.",
    ),
    column::text(
        "Available",
        "How many of its pods have been ready for long enough.",
    ),
    column::AGE,
    column::CONTAINERS,
    column::IMAGES,
    column::SELECTOR,
];

struct Deployment;

impl Strategy for Deployment {
    fn set_defaults(&self, object: &mut Object) {
        template::set_defaults(object);
        let Some(spec) = fill::map_in(object, "spec") else {
            return;
        };
        fill::value(spec, "revisionHistoryLimit", 10);
        fill::value(spec, "progressDeadlineSeconds", 600);
        if let Some(strategy) = fill::map_in(spec, "strategy") {
            fill::text(strategy, "type", "RollingUpdate");
            if strategy["type"] == "RollingUpdate"
                && let Some(rolling) = fill::map_in(strategy, "rollingUpdate")
            {
                fill::value(rolling, "maxUnavailable", "25%");
                fill::value(rolling, "maxSurge", "25%");
            }
        }
    }

    fn prepare_for_create(&self, object: &mut Object) {
        object.insert("status".to_owned(), serde_json::Map::new().into());
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        words::first_fault(words::check_subdomain(name))
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let count = |path: [&str; 2]| object.at(&path).and_then(Value::as_i64).unwrap_or(0);
        let ready = count(["status", "readyReplicas"]);
        vec![
            object.name().into(),
            format!("{ready}/{}", count(["spec", "replicas"])).into(),
            count(["status", "updatedReplicas"]).into(),
            count(["status", "availableReplicas"]).into(),
            age::age(object, now).into(),
            template::container_names(object).into(),
            template::container_images(object).into(),
            template::label_selector(object.at(&["spec", "selector"])).into(),
        ]
    }
}
