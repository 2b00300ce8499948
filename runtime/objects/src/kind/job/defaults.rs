//! What a job is when nothing else is said, and the labels by which it knows its pods.

use serde_json::{Map, Value};

use super::super::{fill, pod};
use crate::object::{Object, ObjectExt};

/// The labels that a job's pods have: by its uid, which also selects them, and by its name.
const UID_LABEL: &str = "batch.kubernetes.io/controller-uid";
const NAME_LABEL: &str = "batch.kubernetes.io/job-name";
/// The same as they were named first.
const OLD_UID_LABEL: &str = "controller-uid";
const OLD_NAME_LABEL: &str = "job-name";

/// Fills in the defaults.
pub(super) fn set_defaults(job: &mut Object) {
    if let Some(spec) = fill::map_in(job, "spec") {
        set_spec_defaults(spec);
    }
    label_as_template(job);
    fill::value(job, "status", Map::new());
}

fn set_spec_defaults(spec: &mut Map<String, Value>) {
    let is_set = |field: &str| spec.get(field).is_some_and(|value| !value.is_null());
    let retries = match is_set("backoffLimitPerIndex") {
        true => i64::from(i32::MAX),
        false => 6,
    };
    let replacement = match is_set("podFailurePolicy") {
        true => "Failed",
        false => "TerminatingOrFailed",
    };
    if !is_set("completions") && !is_set("parallelism") {
        fill::value(spec, "completions", 1);
    }
    fill::value(spec, "parallelism", 1);
    fill::value(spec, "backoffLimit", retries);
    fill::value(spec, "completionMode", "NonIndexed");
    fill::value(spec, "suspend", false);
    fill::value(spec, "manualSelector", false);
    fill::value(spec, "podReplacementPolicy", replacement);
    if let Some(policy) = fill::map_at(spec, "podFailurePolicy") {
        for rule in fill::each(policy, "rules") {
            for condition in fill::each(rule, "onPodConditions") {
                fill::text(condition, "status", "True");
            }
        }
    }
    if let Some(template) = fill::map_in(spec, "template") {
        fill::value(template, "metadata", Map::new());
        if let Some(spec) = fill::map_in(template, "spec") {
            pod::set_spec_defaults(spec);
        }
    }
}

/// A job without labels has those of its template.
fn label_as_template(job: &mut Object) {
    let labels = job.at(&["spec", "template", "metadata", "labels"]).cloned();
    let has_own = job
        .at(&["metadata", "labels"])
        .and_then(Value::as_object)
        .is_some_and(|labels| !labels.is_empty());
    if let Some(Value::Object(labels)) = labels.filter(|_| !has_own)
        && !labels.is_empty()
    {
        job.metadata_mut()
            .insert("labels".to_owned(), labels.into());
    }
}

/// Gives the template the job's labels and selects by them, unless the user selects.
pub(super) fn select_own_pods(job: &mut Object) {
    let (uid, name) = (job.uid().to_owned(), job.name().to_owned());
    if job.at(&["spec", "manualSelector"]) == Some(&Value::Bool(true)) {
        return;
    }
    let of_template = job.at(&["spec", "template", "metadata", "labels"]);
    if of_template.is_some() && of_template == job.at(&["metadata", "labels"]) {
        // They were taken from the template, and are to be those that it gets here too.
        job.metadata_mut().remove("labels");
    }
    let Some(spec) = fill::map_at(job, "spec") else {
        return;
    };
    let labels = fill::map_in(spec, "template")
        .and_then(|template| fill::map_in(template, "metadata"))
        .and_then(|metadata| fill::map_in(metadata, "labels"));
    if let Some(labels) = labels {
        for label in [UID_LABEL, OLD_UID_LABEL] {
            labels.entry(label).or_insert_with(|| uid.as_str().into());
        }
        for label in [NAME_LABEL, OLD_NAME_LABEL] {
            labels.entry(label).or_insert_with(|| name.as_str().into());
        }
    }
    let selected =
        fill::map_in(spec, "selector").and_then(|selector| fill::map_in(selector, "matchLabels"));
    if let Some(selected) = selected {
        selected.entry(UID_LABEL).or_insert_with(|| uid.into());
    }
    label_as_template(job);
}
