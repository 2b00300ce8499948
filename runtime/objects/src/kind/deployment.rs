//! `Deployment` of `apps/v1`: a number of pods of one template, which a change replaces bit by bit.

use coracle_model::Timestamp;
use serde_json::{Value, json};

use super::place::{Faults, Place};
use super::{age, column, fill, template, verbs};
use crate::field::FieldError;
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
    verbs: verbs::ALL,
    subresources: &[verbs::SCALE, verbs::status("Deployment")],
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

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        template::check(object, &mut faults);
        check(object, &mut faults);
        faults
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        template::check_change(new, old, &mut faults);
        check(new, &mut faults);
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

/// What is wrong with how its pods are replaced.
fn check(deployment: &Object, faults: &mut Faults) {
    let spec = Place::of(deployment, "spec");
    let strategy = spec.field("strategy");
    let (kind, rolling) = (strategy.field("type"), strategy.field("rollingUpdate"));
    match kind.text() {
        "Recreate" if rolling.is_set() => faults
            .push(rolling.forbidden("may not be specified when strategy `type` is 'Recreate'")),
        "Recreate" => {}
        "RollingUpdate" => check_rolling(&rolling, faults),
        _ => {
            // It is told as Go writes the whole of it.
            let told = json!({ "Type": kind.text(), "RollingUpdate": null });
            let supported = ["Recreate", "RollingUpdate"];
            faults.push(FieldError::not_supported(
                strategy.path().clone(),
                told,
                &supported,
            ));
        }
    }
    spec.field("revisionHistoryLimit")
        .check_not_negative(faults);
    let deadline = spec.field("progressDeadlineSeconds");
    deadline.check_not_negative(faults);
    let ready = spec.field("minReadySeconds").number().unwrap_or(0);
    if deadline.number().is_some_and(|deadline| deadline <= ready) {
        faults.push(deadline.invalid("must be greater than minReadySeconds"));
    }
}

fn check_rolling(rolling: &Place<'_>, faults: &mut Faults) {
    let (unavailable, surge) = (rolling.field("maxUnavailable"), rolling.field("maxSurge"));
    for share in [&unavailable, &surge] {
        match share.value() {
            Value::String(text) if percent(text).is_none() => {
                faults.push(share.invalid("a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"));
            }
            _ => share.check_not_negative(faults),
        }
    }
    let is_nothing = |share: &Place<'_>| percent(share.text()).or(share.number()) == Some(0);
    if is_nothing(&unavailable) && is_nothing(&surge) {
        faults.push(unavailable.invalid("may not be 0 when `maxSurge` is 0"));
    }
    if percent(unavailable.text()).is_some_and(|share| share > 100) {
        faults.push(unavailable.invalid("must not be greater than 100%"));
    }
}

/// The number of a text such as `25%`; the most there is for one that is larger.
fn percent(text: &str) -> Option<i64> {
    let number = text.strip_suffix('%')?;
    let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| number.parse().unwrap_or(i64::MAX))
}
