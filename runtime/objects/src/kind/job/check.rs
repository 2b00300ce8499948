//! What is wrong with a job, and with a change of one.

use serde_json::{Map, Value, json};

use super::super::place::{Faults, Place};
use super::super::pod;
use super::super::template;
use super::super::words;
use super::policy;
use crate::object::{Object, ObjectExt};

/// How many pods of an indexed job may run at once.
const MOST_AT_ONCE: i64 = 100_000;

/// What is wrong with a job.
pub(super) fn check(job: &Object, faults: &mut Faults) {
    let spec = Place::of(job, "spec");
    if !spec.field("manualSelector").is_true() {
        check_generated(job, &spec, faults);
    }
    check_spec(&spec, faults);
    check_indexed_name(job, &spec, faults);
}

/// The pods of an indexed job have the job's name and their index as hostname, the longest of which has to be one.
fn check_indexed_name(job: &Object, spec: &Place<'_>, faults: &mut Faults) {
    let completions = spec.field("completions").number().unwrap_or(0);
    if spec.field("completionMode").text() != "Indexed" || completions <= 0 {
        return;
    }
    let metadata = Place::of(job, "metadata");
    let hostname = format!("{}-{}", job.name(), completions - 1);
    if !words::check_label(&hostname).is_empty() {
        let name = metadata.field("name");
        faults.push(name.invalid(format!(
            "will not able to create pod with invalid DNS label: {hostname}"
        )));
    }
}

fn check_spec(spec: &Place<'_>, faults: &mut Faults) {
    check_numbers(spec, faults);
    check_completion(spec, faults);
    policy::check(spec, faults);
    check_template(spec, faults);
    check_selector(spec, faults);
}

fn check_numbers(spec: &Place<'_>, faults: &mut Faults) {
    let numbers = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    for field in numbers {
        spec.field(field).check_not_negative(faults);
    }
    let per_index = spec.field("backoffLimitPerIndex");
    if spec.field("maxFailedIndexes").is_set() && !per_index.is_set() {
        faults.push(per_index.required("when maxFailedIndexes is specified"));
    }
    let manager = spec.field("managedBy");
    if manager.is_set() {
        if manager.is_empty() {
            faults.push(manager.required(""));
            return;
        }
        let said = words::check_domain_path(manager.text());
        faults.extend(said.into_iter().map(|detail| manager.invalid(detail)));
        if manager.text().len() > 63 {
            faults.push(manager.too_long(63));
        }
    }
}

fn check_completion(spec: &Place<'_>, faults: &mut Faults) {
    let mode = spec.field("completionMode");
    let (at_once, completions) = (spec.field("parallelism"), spec.field("completions"));
    match mode.text() {
        "Indexed" => {
            if !completions.is_set() {
                faults.push(completions.required("when completion mode is Indexed"));
            }
            if at_once.number().is_some_and(|number| number > MOST_AT_ONCE) {
                faults.push(at_once.invalid(format!(
                    "must be less than or equal to {MOST_AT_ONCE} when completion mode is Indexed"
                )));
            }
            let most = spec.field("maxFailedIndexes");
            if most.number() > completions.number() && completions.is_set() {
                faults.push(most.invalid("must be less than or equal to completions"));
            }
        }
        "NonIndexed" => {
            for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
                let given = spec.field(field);
                if given.is_set() {
                    faults.push(given.invalid("requires indexed completion mode"));
                }
            }
        }
        _ => faults.push(mode.not_supported(&["NonIndexed", "Indexed"])),
    }
}

fn check_selector(spec: &Place<'_>, faults: &mut Faults) {
    let selector = spec.field("selector");
    if selector.is_set() {
        pod::check_label_selector(&selector, faults);
    } else {
        faults.push(selector.required(""));
    }
    template::check_selected(spec, faults);
}

/// The labels and the selector that the server made are as it made them.
fn check_generated(job: &Object, spec: &Place<'_>, faults: &mut Faults) {
    let labels = spec.field("template").field("metadata").field("labels");
    let wanted = [
        ("controller-uid", job.uid()),
        ("job-name", job.name()),
        ("batch.kubernetes.io/controller-uid", job.uid()),
        ("batch.kubernetes.io/job-name", job.name()),
    ];
    for (label, value) in wanted {
        let given = labels.key(label);
        let why = format!("must be '{value}'");
        if !given.is_set() && spec.field("selector").is_set() {
            faults.push(given.required(&why));
        } else if given.is_set() && given.text() != value {
            faults.push(given.invalid_as(labels.value().clone(), why));
        }
    }
    let selector = spec.field("selector");
    let made = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": job.uid()}});
    if selector.is_set() && *selector.value() != made {
        faults.push(selector.invalid("`selector` not auto-generated"));
    }
}

fn check_template(spec: &Place<'_>, faults: &mut Faults) {
    let template = spec.field("template");
    template::check_metadata(&template, faults);
    pod::check_spec(&template.field("spec"), faults);
    let restart = template.field("spec").field("restartPolicy");
    match restart.text() {
        "" | "Always" => {
            faults.push(restart.required("valid values: \"OnFailure\", \"Never\""));
        }
        "OnFailure" if spec.field("podFailurePolicy").is_set() => {
            faults.push(
                restart.invalid("only \"Never\" is supported when podFailurePolicy is specified"),
            );
        }
        "OnFailure" | "Never" => {}
        _ => faults.push(restart.not_supported(&["OnFailure", "Never"])),
    }
}

/// What is wrong with a change.
pub(super) fn check_change(new: &Object, old: &Object, faults: &mut Faults) {
    check(new, faults);
    check_spec(&Place::of(new, "spec"), faults);
    let (spec, before) = (Place::of(new, "spec"), Place::of(old, "spec"));
    check_completions(&spec, &before, faults);
    let kept = [
        "selector",
        "template",
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ];
    for field in kept {
        let (now, then) = (spec.field(field), before.field(field));
        let differs = match field {
            "template" => template_differs(&now, &then, old),
            _ => now.value() != then.value(),
        };
        if differs {
            faults.push(now.invalid(template::IMMUTABLE));
        }
    }
}

/// An indexed job may be made larger together with how many run at once.
fn check_completions(spec: &Place<'_>, before: &Place<'_>, faults: &mut Faults) {
    let (now, then) = (spec.field("completions"), before.field("completions"));
    if now.value() == then.value() {
        return;
    }
    let is_indexed = spec.field("completionMode").text() == "Indexed";
    let at_once = spec.field("parallelism");
    if !is_indexed || !now.is_set() || !then.is_set() {
        faults.push(now.invalid(template::IMMUTABLE));
    } else if at_once.number() != now.number()
        || before.field("parallelism").number() != then.number()
    {
        faults.push(now.invalid("can only be modified in tandem with spec.parallelism"));
    }
}

/// Where the pods of a job that waits run may be changed.
fn template_differs(now: &Place<'_>, then: &Place<'_>, old: &Object) -> bool {
    let waits = Place::of(old, "spec").field("suspend").is_true()
        && old.at(&["status", "startTime"]).is_none();
    if !waits {
        return now.value() != then.value();
    }
    without_scheduling(now) != without_scheduling(then)
}

fn without_scheduling(template: &Place<'_>) -> Map<String, Value> {
    let mut template = template.map().cloned().unwrap_or_default();
    template.remove("metadata");
    if let Some(spec) = template.get_mut("spec").and_then(Value::as_object_mut) {
        for field in ["nodeSelector", "tolerations", "schedulingGates", "affinity"] {
            spec.remove(field);
        }
    }
    template
}
