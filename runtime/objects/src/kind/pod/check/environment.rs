//! Environment variables.

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::source;
use crate::field::FieldError;

/// What is wrong with `env`.
pub(super) fn check_variables(variables: &Place<'_>, faults: &mut Faults) {
    for variable in variables.items() {
        let name = variable.field("name");
        if name.is_empty() {
            faults.push(name.required(""));
        } else {
            name.check(words::check_variable, faults);
        }
        check_value_from(&variable, faults);
    }
}

fn check_value_from(variable: &Place<'_>, faults: &mut Faults) {
    let from = variable.field("valueFrom");
    if !from.is_set() {
        return;
    }
    let mut sources = 0;
    let mut given = |field: &str| {
        let place = from.field(field);
        let is_set = place.is_set();
        sources += usize::from(is_set);
        is_set.then_some(place)
    };
    if let Some(field) = given("fieldRef") {
        source::check_field(&field, &source::VARIABLE_FIELDS, faults);
    }
    if let Some(resource) = given("resourceFieldRef") {
        source::check_resource(&resource, source::Container::Implied, faults);
    }
    for field in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(key) = given(field) {
            check_key(&key, faults);
        }
    }
    let mut refuse = |detail: &str| {
        faults.push(FieldError::invalid(from.path().clone(), "", detail));
    };
    let has_value = !variable.field("value").is_empty();
    match sources {
        0 => refuse(
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
        ),
        _ if has_value => refuse("may not be specified when `value` is not empty"),
        1 => {}
        _ => refuse("may not have more than one field specified at a time"),
    }
}

fn check_key(selector: &Place<'_>, faults: &mut Faults) {
    selector.field("name").check(words::check_subdomain, faults);
    let key = selector.field("key");
    if key.is_empty() {
        faults.push(key.required(""));
    } else {
        key.check(words::check_config_key, faults);
    }
}

/// What is wrong with `envFrom`.
pub(super) fn check_sources(sources: &Place<'_>, faults: &mut Faults) {
    for from in sources.items() {
        let prefix = from.field("prefix");
        if !prefix.is_empty() {
            prefix.check(words::check_variable, faults);
        }
        let mut given = 0;
        for field in ["configMapRef", "secretRef"] {
            let reference = from.field(field);
            if reference.is_set() {
                given += 1;
                let name = reference.field("name");
                if name.is_empty() {
                    faults.push(name.required(""));
                } else {
                    name.check(words::check_subdomain, faults);
                }
            }
        }
        let mut refuse = |detail: &str| {
            faults.push(FieldError::invalid(sources.path().clone(), "", detail));
        };
        match given {
            0 => refuse("must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => refuse("may not have more than one field specified at a time"),
        }
    }
}
