//! What is wrong with a change of a pod: little of one may be changed.

use serde_json::{Map, Value};

use super::super::place::{Faults, Place};
use super::check;
use crate::object::Object;

type Fields = Map<String, Value>;

const UNCHANGEABLE: &str = "pod updates may not change fields other than \
    `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only \
    additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
    previously negative)\n";

/// What is wrong with a change.
pub(super) fn check_change(new: &Object, old: &Object, faults: &mut Faults) {
    let (new, old) = (Place::of(new, "spec"), Place::of(old, "spec"));
    for field in ["containers", "initContainers"] {
        let (containers, before) = (new.field(field), old.field(field));
        if containers.len() != before.len() {
            faults.push(containers.forbidden("pod updates may not add or remove containers"));
            return;
        }
        for image in containers.items().map(|container| container.field("image")) {
            if image.is_empty() {
                faults.push(image.required(""));
            }
        }
    }
    if !check_deadline(&new, &old, faults) {
        return;
    }
    check_gates(&new, &old, faults);
    check_tolerations(&new, &old, faults);
    if without_changeable(&new, &old) != without_changeable(&old, &old) {
        faults.push(new.forbidden(UNCHANGEABLE));
    }
}

/// A deadline comes nearer, never farther. Says whether it is sound.
fn check_deadline(new: &Place<'_>, old: &Place<'_>, faults: &mut Faults) -> bool {
    let deadline = new.field("activeDeadlineSeconds");
    let before = old.field("activeDeadlineSeconds").number();
    match (deadline.number(), before) {
        (Some(seconds), _) if !(0..=i64::from(i32::MAX)).contains(&seconds) => {
            faults.push(deadline.invalid("must be between 0 and 2147483647, inclusive"));
            false
        }
        (Some(seconds), Some(before)) if before < seconds => {
            faults.push(deadline.invalid("must be less than or equal to previous value"));
            false
        }
        (None, Some(_)) => {
            faults.push(deadline.invalid("must not update from a positive integer to nil value"));
            true
        }
        (Some(_) | None, _) => true,
    }
}

/// What holds a pod back is taken away, never added.
fn check_gates(new: &Place<'_>, old: &Place<'_>, faults: &mut Faults) {
    let gates = old.field("schedulingGates");
    let before: Vec<_> = gates
        .items()
        .map(|gate| gate.field("name").text().to_owned())
        .collect();
    for gate in new.field("schedulingGates").items() {
        let name = gate.field("name");
        if !before.iter().any(|before| before == name.text()) {
            faults.push(name.forbidden(format!(
                "only deletion is allowed, but found new scheduling gate '{}'",
                name.text()
            )));
        }
    }
}

/// Tolerations are added, or get another time.
fn check_tolerations(new: &Place<'_>, old: &Place<'_>, faults: &mut Faults) {
    let given = new.field("tolerations");
    let without_time = |toleration: &Value| {
        let mut toleration = toleration.clone();
        if let Some(fields) = toleration.as_object_mut() {
            fields.remove("tolerationSeconds");
        }
        toleration
    };
    let now: Vec<_> = given.items().map(|one| without_time(one.value())).collect();
    let is_kept = |one: &Place<'_>| now.contains(&without_time(one.value()));
    if !old.field("tolerations").items().all(|one| is_kept(&one)) {
        faults.push(
            given.forbidden("existing toleration can not be modified except its tolerationSeconds"),
        );
    }
    check::check_tolerations(&given, faults);
}

/// A `spec` with what may be changed as it was before, and nothing that is empty.
fn without_changeable(spec: &Place<'_>, old: &Place<'_>) -> Fields {
    let mut fields = spec.map().cloned().unwrap_or_default();
    let before = old.map();
    for field in ["containers", "initContainers"] {
        let images = old.field(field);
        let images: Vec<_> = images
            .items()
            .map(|one| one.field("image").value().clone())
            .collect();
        let containers = fields.get_mut(field).and_then(Value::as_array_mut);
        for (container, image) in containers.into_iter().flatten().zip(images) {
            if let Some(container) = container.as_object_mut() {
                container.insert("image".to_owned(), image);
            }
        }
    }
    let mut changeable = vec!["activeDeadlineSeconds", "tolerations", "schedulingGates"];
    let grace = |spec: &Place<'_>| spec.field("terminationGracePeriodSeconds").number();
    if grace(old).is_some_and(|grace| grace < 0) && grace(spec) == Some(1) {
        changeable.push("terminationGracePeriodSeconds");
    }
    if !old.field("schedulingGates").is_empty() {
        changeable.push("nodeSelector");
    }
    for field in changeable {
        match before.and_then(|before| before.get(field)) {
            Some(value) => fields.insert(field.to_owned(), value.clone()),
            None => fields.remove(field),
        };
    }
    fields.retain(|_, value| !is_nothing(value));
    fields
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(_) | Value::Bool(_) | Value::Number(_) => false,
    }
}
