//! Where volumes stand in containers.

use std::collections::BTreeSet;

use super::super::super::place::{Faults, Place};
use super::spec::check_word;
use super::volume::{Volumes, check_descending};

/// What is wrong with `volumeMounts`.
pub(super) fn check_mounts(container: &Place<'_>, volumes: &Volumes<'_>, faults: &mut Faults) {
    let mounts = container.field("volumeMounts");
    let devices: Vec<_> = container.field("volumeDevices").items().collect();
    let is_device = |field: &str, text: &str| {
        devices
            .iter()
            .any(|device| device.field(field).text() == text)
    };
    let mut paths = BTreeSet::new();
    for mount in mounts.items() {
        let name = mount.field("name");
        if name.is_empty() {
            faults.push(name.required(""));
        }
        if !volumes.contains_key(name.text()) {
            faults.push(name.not_found());
        }
        let path = mount.field("mountPath");
        if path.is_empty() {
            faults.push(path.required(""));
        }
        if !paths.insert(path.text()) {
            faults.push(path.invalid_text("must be unique"));
        }
        if is_device("name", name.text()) {
            faults.push(name.invalid_text("must not already exist in volumeDevices"));
        }
        if is_device("devicePath", path.text()) {
            faults.push(path.invalid_text("must not already exist as a path in volumeDevices"));
        }
        check_part(&mounts, &mount, faults);
        check_propagation(container, &mounts, &mount, faults);
        check_recursion(&mounts, &mount, faults);
    }
}

/// A part of the volume. What is wrong with it is told of the whole list, as an API server does.
fn check_part(mounts: &Place<'_>, mount: &Place<'_>, faults: &mut Faults) {
    let part = mount.field("subPath");
    let expression = mount.field("subPathExpr");
    let of_list = |field: &str, place: &Place<'_>, faults: &mut Faults| {
        if !place.is_empty() {
            let place = Place::at(mounts.path().field(field), Some(place.value()));
            check_descending(&place, faults);
        }
    };
    of_list("subPath", &part, faults);
    if !expression.is_empty() && !part.is_empty() {
        faults.push(expression.invalid("subPathExpr and subPath are mutually exclusive"));
    }
    of_list("subPathExpr", &expression, faults);
}

fn check_propagation(
    container: &Place<'_>,
    mounts: &Place<'_>,
    mount: &Place<'_>,
    faults: &mut Faults,
) {
    let given = mount.field("mountPropagation");
    if !given.is_set() {
        return;
    }
    let place = Place::at(mounts.path().field("mountPropagation"), Some(given.value()));
    let words = ["Bidirectional", "HostToContainer", "None"];
    if !words.contains(&given.text()) {
        faults.push(place.not_supported(&words));
    }
    let privileged = container.field("securityContext").field("privileged");
    if given.text() == "Bidirectional" && !privileged.is_true() {
        faults.push(place.forbidden(
            "Bidirectional mount propagation is available only to privileged containers",
        ));
    }
}

fn check_recursion(mounts: &Place<'_>, mount: &Place<'_>, faults: &mut Faults) {
    let path = mounts.path().field("recursiveReadOnly");
    let recursive = mount.field("recursiveReadOnly").told_at(&path);
    if recursive.is_set() {
        check_word(&recursive, &["Disabled", "Enabled", "IfPossible"], faults);
        if recursive.text() != "Disabled" && !mount.field("readOnly").is_true() {
            faults.push(recursive.forbidden("may only be specified when readOnly is true"));
        }
    }
}

/// What is wrong with `volumeDevices`.
pub(super) fn check_devices(container: &Place<'_>, volumes: &Volumes<'_>, faults: &mut Faults) {
    let mut names = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for device in container.field("volumeDevices").items() {
        let name = device.field("name");
        if name.is_empty() {
            faults.push(name.required(""));
        }
        if !names.insert(name.text()) {
            faults.push(name.invalid_text("must be unique"));
        }
        match volumes.get(name.text()) {
            None => faults.push(name.not_found()),
            Some(source) if !matches!(*source, "persistentVolumeClaim" | "ephemeral") => {
                faults.push(name.invalid_text(
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
                ));
            }
            Some(_) => {}
        }
        let path = device.field("devicePath");
        if path.is_empty() {
            faults.push(path.required(""));
        }
        if !path.is_empty() && !paths.insert(path.text()) {
            faults.push(path.invalid_text("must be unique"));
        }
        if super::super::super::words::leads_out(path.text()) {
            faults.push(path.invalid_text("can not contain backsteps ('..')"));
        }
    }
}
