//! What a job is to the API, and how it is shown.

use coracle_model::Timestamp;
use serde_json::Value;

use super::super::place::Place;
use super::super::{age, column, fill, pod, template, verbs};
use super::{check, defaults};
use crate::field::FieldError;
use crate::meta::PropagationPolicy;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(in super::super) static JOBS: Resource = Resource {
    group: "batch",
    versions: &["v1"],
    kind: "Job",
    plural: "jobs",
    singular: "job",
    short_names: &[],
    categories: &["all"],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[verbs::status("Job")],
    built_in: true,
    strategy: &Job,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Status", "How far it is."),
    column::text("Completions", "How many pods ended well, of how many."),
    column::text("Duration", "How long it has run."),
    column::AGE,
    column::CONTAINERS,
    column::IMAGES,
    column::SELECTOR,
];

struct Job;

impl Strategy for Job {
    fn set_defaults(&self, object: &mut Object) {
        defaults::set_defaults(object);
    }

    fn prepare_for_create(&self, object: &mut Object) {
        object.insert("status".to_owned(), serde_json::Map::new().into());
        defaults::select_own_pods(object);
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        check::check(object, &mut faults);
        faults
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        check::check_change(new, old, &mut faults);
        faults
    }

    fn validate_status_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let _ = old;
        let mut faults = Vec::new();
        let status = Place::of(new, "status");
        for field in ["active", "succeeded", "failed", "ready", "terminating"] {
            status.field(field).check_not_negative(&mut faults);
        }
        faults
    }

    fn default_propagation(&self, object: &Object) -> PropagationPolicy {
        let _ = object;
        // As `batch/v1` has it from the time before owner references.
        PropagationPolicy::Orphan
    }

    fn selectable_fields(&self, object: &Object) -> Vec<(&'static str, String)> {
        let succeeded = object.at(&["status", "succeeded"]).and_then(Value::as_i64);
        vec![("status.successful", succeeded.unwrap_or(0).to_string())]
    }

    fn selectable_field_names(&self) -> &'static [&'static str] {
        &["status.successful"]
    }

    fn warnings(&self, object: &Object) -> Vec<String> {
        let template = Place::of(object, "spec").field("template");
        let name = pod::name_warning(object, "Pod names and hostnames");
        let about_spec = pod::warnings(&template.field("spec"));
        name.into_iter().chain(about_spec).collect()
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![
            object.name().into(),
            progress(object).into(),
            completions(object).into(),
            duration(object, now).into(),
            age::age(object, now).into(),
            template::container_names(object).into(),
            template::container_images(object).into(),
            template::label_selector(object.at(&["spec", "selector"])).into(),
        ]
    }
}

fn progress(object: &Object) -> &'static str {
    let ended = ["Complete", "Failed"]
        .into_iter()
        .find(|kind| object.has_condition(kind));
    let underway = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];
    match ended {
        Some(ended) => ended,
        None if object.is_being_deleted() => "Terminating",
        None => underway
            .into_iter()
            .find(|kind| object.has_condition(kind))
            .unwrap_or("Running"),
    }
}

fn completions(object: &Object) -> String {
    let number = |path: [&str; 2]| object.at(&path).and_then(Value::as_i64);
    let succeeded = number(["status", "succeeded"]).unwrap_or(0);
    match (
        number(["spec", "completions"]),
        number(["spec", "parallelism"]).unwrap_or(0),
    ) {
        (Some(wanted), _) => format!("{succeeded}/{wanted}"),
        (None, parallelism @ 2..) => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

fn duration(object: &Object, now: Timestamp) -> String {
    let end = age::time_at(object, &["status", "completionTime"]).unwrap_or(now);
    age::time_at(object, &["status", "startTime"]).map_or_else(String::new, |start| {
        age::human_duration(age::between(start, end))
    })
}
