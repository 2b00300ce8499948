//! The `spec` as a whole.

use serde_json::Value;

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::{affinity, container, network, scheduling, security, volume};

/// What is wrong with a pod's `spec`.
pub(in super::super::super) fn check_spec(spec: &Place<'_>, faults: &mut Faults) {
    let volumes = volume::check_volumes(&spec.field("volumes"), faults);
    container::check_all(spec, &volumes, faults);
    check_word(
        &spec.field("restartPolicy"),
        &["Always", "OnFailure", "Never"],
        faults,
    );
    check_word(
        &spec.field("dnsPolicy"),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        faults,
    );
    scheduling::check_labels(&spec.field("nodeSelector"), faults);
    security::check_pod(spec, faults);
    affinity::check(&spec.field("affinity"), faults);
    network::check_dns(spec, faults);
    scheduling::check_gates(spec, faults);
    scheduling::check_spread(&spec.field("topologySpreadConstraints"), faults);
    check_names(spec, faults);
    scheduling::check_tolerations(&spec.field("tolerations"), faults);
    network::check_host_aliases(&spec.field("hostAliases"), faults);
    let preemption = spec.field("preemptionPolicy");
    if !preemption.is_empty() {
        check_word(&preemption, &["PreemptLowerPriority", "Never"], faults);
    }
    let system = spec.field("os");
    let systems = ["linux", "windows"];
    let name = system.field("name");
    if system.is_set() && name.is_empty() {
        faults.push(name.required("cannot be empty"));
    } else if system.is_set() && !systems.contains(&name.text()) {
        faults.push(name.told_at(system.path()).not_supported(&systems));
    }
    let class = spec.field("priorityClassName");
    if !class.is_empty() {
        class.check(words::check_subdomain, faults);
    }
}

fn check_names(spec: &Place<'_>, faults: &mut Faults) {
    for field in ["serviceAccountName", "nodeName"] {
        let name = spec.field(field);
        if !name.is_empty() {
            name.check(words::check_subdomain, faults);
        }
    }
    let deadline = spec.field("activeDeadlineSeconds");
    let in_bounds = 1..=i64::from(i32::MAX);
    if deadline
        .number()
        .is_some_and(|number| !in_bounds.contains(&number))
    {
        faults.push(deadline.invalid("must be between 1 and 2147483647, inclusive"));
    }
    for field in ["hostname", "subdomain"] {
        let name = spec.field(field);
        if !name.is_empty() {
            name.check(words::check_label, faults);
        }
    }
}

/// A word of a list that may be left out, but not be empty.
pub(super) fn check_optional_word(word: &Place<'_>, words: &[&str], faults: &mut Faults) {
    if word.is_set() && !words.contains(&word.text()) {
        faults.push(word.not_supported(words));
    }
}

/// A word of a list that has to be given.
pub(super) fn check_word(word: &Place<'_>, words: &[&str], faults: &mut Faults) {
    match word.value() {
        Value::Null => faults.push(word.required("")),
        Value::String(text) if text.is_empty() => faults.push(word.required("")),
        Value::String(text) if words.contains(&text.as_str()) => {}
        _ => faults.push(word.not_supported(words)),
    }
}
