//! What is wrong with a claim, and with a change of one.

use coracle_model::Quantity;

use super::super::place::{Faults, Place};
use super::super::pod::{check_label_selector, check_volume_mode};
use super::super::words;
use crate::field::FieldPath;
use crate::object::{Object, ObjectExt};

const MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

/// What is wrong with the `spec` of a claim, or of a template of one.
pub(in super::super) fn check_claim_spec(spec: &Place<'_>, faults: &mut Faults) {
    let modes = spec.field("accessModes");
    if modes.is_empty() {
        faults.push(modes.required("at least 1 access mode is required"));
    }
    check_label_selector(&spec.field("selector"), faults);
    for mode in modes.texts() {
        if !MODES.contains(&mode) {
            let given = mode.into();
            faults.push(Place::at(modes.path().clone(), Some(&given)).not_supported(&MODES));
        }
    }
    let alone = modes.texts().contains(&"ReadWriteOncePod");
    if alone && modes.texts().iter().any(|mode| *mode != "ReadWriteOncePod") {
        faults.push(modes.forbidden("may not use ReadWriteOncePod with other access modes"));
    }
    check_size(spec, faults);
    for field in ["storageClassName", "volumeAttributesClassName"] {
        let class = spec.field(field);
        if !class.is_empty() {
            class.check(words::check_subdomain, faults);
        }
    }
    check_volume_mode(&spec.field("volumeMode"), faults);
    check_data_source(spec, faults);
}

fn check_size(spec: &Place<'_>, faults: &mut Faults) {
    let size = spec.field("resources").field("requests").field("storage");
    let told = Place::at(
        spec.field("resources").path().key("storage"),
        Some(size.value()),
    );
    match size.quantity() {
        None => faults.push(told.required("")),
        Some(size) => {
            if size.is_negative() || size.is_zero() {
                faults.push(told.invalid_as(size.to_string(), "must be greater than zero"));
            }
        }
    }
}

fn check_data_source(spec: &Place<'_>, faults: &mut Faults) {
    for field in ["dataSource", "dataSourceRef"] {
        let source = spec.field(field);
        if source.is_set() {
            for field in ["name", "kind"] {
                if source.field(field).is_empty() {
                    faults.push(source.field(field).required(""));
                }
            }
        }
    }
}

/// What is wrong with a change: a claim is what it is, but a bound one may grow.
pub(super) fn check_change(new: &Object, old: &Object, faults: &mut Faults) {
    let (new_spec, old_spec) = (Place::of(new, "spec"), Place::of(old, "spec"));
    let is_bound = old.text_at(&["status", "phase"]) == "Bound";
    let may_be_set_once = ["volumeName", "storageClassName"];
    let mut changed = new_spec.map().cloned().unwrap_or_default();
    let before = old_spec.map().cloned().unwrap_or_default();
    for field in may_be_set_once {
        if old_spec.field(field).is_empty()
            && !(field == "storageClassName" && old_spec.field(field).is_set())
        {
            changed.remove(field);
        }
    }
    if is_bound {
        for field in ["resources", "volumeAttributesClassName"] {
            match before.get(field) {
                Some(value) => changed.insert(field.to_owned(), value.clone()),
                None => changed.remove(field),
            };
        }
    }
    let mut before = before;
    for field in may_be_set_once {
        if old_spec.field(field).is_empty() && !changed.contains_key(field) {
            before.remove(field);
        }
    }
    if changed != before {
        faults.push(new_spec.forbidden(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        ));
    }
    check_no_shrinking(&new_spec, &old_spec, old, faults);
    let mode = new_spec.field("volumeMode");
    if mode.value() != old_spec.field("volumeMode").value() {
        faults.push(
            mode.told_at(&FieldPath::new("volumeMode"))
                .invalid("field is immutable"),
        );
    }
}

fn check_no_shrinking(new: &Place<'_>, old: &Place<'_>, object: &Object, faults: &mut Faults) {
    let amount = |place: Place<'_>| place.quantity().unwrap_or(Quantity::ZERO);
    let (wanted, had) = (amount(size(new)), amount(size(old)));
    let status = Place::of(object, "status");
    let capacity = amount(status.field("capacity").field("storage"));
    if wanted < had && wanted <= capacity {
        faults.push(size(new).forbidden("field can not be less than status.capacity"));
    }
}

fn size<'a>(spec: &Place<'a>) -> Place<'a> {
    spec.field("resources").field("requests").field("storage")
}
