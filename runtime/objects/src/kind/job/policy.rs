//! What a job does about pods that fail or succeed.

use std::collections::BTreeSet;

use super::super::place::{Faults, Place};
use super::super::words;
use crate::field::{FieldError, FieldErrorKind};

const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];

/// What is wrong with the policies of a job's `spec`.
pub(super) fn check(spec: &Place<'_>, faults: &mut Faults) {
    let fails = spec.field("podFailurePolicy");
    for rule in fails.field("rules").items() {
        check_rule(&rule, spec, faults);
    }
    check_success(spec, faults);
    let replacement = spec.field("podReplacementPolicy");
    let words: &[&str] = match fails.is_set() {
        true => &["Failed"],
        false => &["Failed", "TerminatingOrFailed"],
    };
    if replacement.is_set() && !words.contains(&replacement.text()) {
        faults.push(replacement.not_supported(words));
    }
}

fn check_rule(rule: &Place<'_>, spec: &Place<'_>, faults: &mut Faults) {
    let action = rule.field("action");
    match action.text() {
        "" => faults.push(action.required(&format!("valid values: {ACTIONS:?}"))),
        "FailIndex" if !spec.field("backoffLimitPerIndex").is_set() => {
            faults.push(action.invalid("requires the backoffLimitPerIndex to be set"));
        }
        known if ACTIONS.contains(&known) => {}
        _ => faults.push(action.not_supported(&ACTIONS)),
    }
    let (codes, conditions) = (rule.field("onExitCodes"), rule.field("onPodConditions"));
    if codes.is_set() {
        check_exit_codes(&codes, spec, faults);
    }
    for condition in conditions.items() {
        condition
            .field("type")
            .check(words::check_qualified_name, faults);
        let status = condition.field("status");
        let statuses = ["False", "True", "Unknown"];
        if !statuses.contains(&status.text()) {
            faults.push(status.not_supported(&statuses));
        }
    }
    let why = match (codes.is_set(), conditions.is_empty()) {
        (true, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (false, true) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return,
    };
    faults.push(FieldError {
        kind: FieldErrorKind::Invalid,
        path: rule.path().clone(),
        value: None,
        detail: why.to_owned(),
    });
}

fn check_exit_codes(codes: &Place<'_>, spec: &Place<'_>, faults: &mut Faults) {
    let operator = codes.field("operator");
    let operators = ["In", "NotIn"];
    if operator.is_empty() {
        faults.push(operator.required("valid values: [\"In\" \"NotIn\"]"));
    } else if !operators.contains(&operator.text()) {
        faults.push(operator.not_supported(&operators));
    }
    check_container_name(&codes.field("containerName"), spec, faults);
    let values = codes.field("values");
    if values.is_empty() {
        faults.push(values.invalid_as(serde_json::json!([]), "at least one value is required"));
    }
    let mut seen = BTreeSet::new();
    for value in values.items() {
        if operator.text() == "In" && value.number() == Some(0) {
            faults.push(value.invalid("must not be 0 for the In operator"));
        } else if !seen.insert(value.number()) {
            faults.push(value.duplicate());
        }
    }
    let numbers: Vec<_> = values.items().map(|value| value.number()).collect();
    if !numbers.is_sorted() {
        faults.push(values.invalid("must be ordered"));
    }
}

/// A container that is named is one of the template's.
fn check_container_name(name: &Place<'_>, spec: &Place<'_>, faults: &mut Faults) {
    let pod = spec.field("template").field("spec");
    let is_known = ["containers", "initContainers"].iter().any(|field| {
        let containers = pod.field(field);
        let mut names = containers.items().map(|one| one.field("name"));
        !name.is_empty() && names.any(|known| known.text() == name.text())
    });
    if name.is_set() && !is_known {
        faults.push(
            name.invalid("must be one of the container or initContainer names in the pod template"),
        );
    }
}

fn check_success(spec: &Place<'_>, faults: &mut Faults) {
    let success = spec.field("successPolicy");
    if !success.is_set() {
        return;
    }
    if spec.field("completionMode").text() != "Indexed" {
        faults.push(success.invalid("requires indexed completion mode"));
    } else if success.field("rules").is_empty() {
        let rules = success.field("rules");
        faults.push(
            rules.required(
                "at least one rules must be specified when the successPolicy is specified",
            ),
        );
    }
    for rule in success.field("rules").items() {
        let count = rule.field("succeededCount");
        if rule.field("succeededIndexes").is_set() || count.is_set() {
            count.check_not_negative(faults);
        } else {
            faults.push(
                rule.required(
                    "at least one of succeededCount or succeededIndexes must be specified",
                ),
            );
        }
    }
}
