//! Volumes: what stands behind each.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::persistent_volume_claim::check_claim_spec;
use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::scheduling::check_labels;
use super::source;
use super::spec::check_optional_word;

/// The sources that volumes have, by the volumes' names.
pub(super) type Volumes<'a> = BTreeMap<&'a str, &'a str>;

const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// What kinds of sources there are, in the order in which they are looked at.
const SOURCES: [&str; 29] = [
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// What is wrong with `volumes`; those with which nothing is can be mounted.
pub(super) fn check_volumes<'a>(volumes: &Place<'a>, faults: &mut Faults) -> Volumes<'a> {
    let mut sound = Volumes::new();
    let mut names = BTreeSet::new();
    for volume in volumes.items() {
        let before = faults.len();
        let source = check_source(&volume, faults);
        let name = volume.field("name");
        if name.is_empty() {
            faults.push(name.required(""));
        } else {
            name.check(words::check_label, faults);
        }
        if names.contains(name.text()) {
            faults.push(name.duplicate());
        }
        if faults.len() == before {
            names.insert(name.text());
            sound.insert(name.text(), source);
        }
    }
    sound
}

fn check_source(volume: &Place<'_>, faults: &mut Faults) -> &'static str {
    let mut first = "";
    for kind in SOURCES {
        let source = volume.field(kind);
        if !source.is_set() {
            continue;
        }
        if first.is_empty() {
            first = kind;
            check_source_of(kind, &source, faults);
        } else {
            faults.push(source.forbidden("may not specify more than 1 volume type"));
        }
    }
    if first.is_empty() {
        faults.push(volume.required("must specify a volume type"));
    }
    first
}

fn check_source_of(kind: &str, source: &Place<'_>, faults: &mut Faults) {
    let require = |fields: &[&str], faults: &mut Faults| {
        let missing = fields.iter().map(|field| source.field(field));
        faults.extend(
            missing
                .filter(Place::is_empty)
                .map(|field| field.required("")),
        );
    };
    match kind {
        "emptyDir" => {
            let limit = source.field("sizeLimit");
            if limit
                .quantity()
                .is_some_and(coracle_model::Quantity::is_negative)
            {
                faults.push(limit.forbidden("SizeLimit field must be a valid resource quantity"));
            }
        }
        "hostPath" => check_host_path(source, faults),
        "secret" => {
            require(&["secretName"], faults);
            check_files(source, faults);
        }
        "configMap" => {
            require(&["name"], faults);
            check_files(source, faults);
        }
        "nfs" => {
            require(&["server", "path"], faults);
            let path = source.field("path");
            if !path.text().starts_with('/') {
                faults.push(path.invalid_text("must be an absolute path"));
            }
        }
        "persistentVolumeClaim" => require(&["claimName"], faults),
        "downwardAPI" => {
            check_mode(&source.field("defaultMode"), faults);
            for file in source.field("items").items() {
                check_file_about_pod(&file.told_at(source.path()), faults);
            }
        }
        "projected" => check_projected(source, faults),
        "gitRepo" => {
            require(&["repository"], faults);
            check_descending(&source.field("directory"), faults);
        }
        "csi" => {
            require(&["driver"], faults);
            check_driver(source, faults);
        }
        "ephemeral" => check_ephemeral(source, faults),
        // What the workbench cannot mount is only counted.
        _ => {}
    }
}

fn check_driver(source: &Place<'_>, faults: &mut Faults) {
    let driver = source.field("driver");
    if driver.text().len() > 63 {
        faults.push(driver.too_long(63));
    }
    let said = words::check_subdomain(&driver.text().to_lowercase());
    faults.extend(said.into_iter().map(|detail| driver.invalid_text(detail)));
    let secret = source.field("nodePublishSecretRef");
    let name = secret.field("name");
    if secret.is_set() && name.is_empty() {
        faults.push(name.required(""));
    } else if secret.is_set() {
        let told = name.told_at(&source.path().field("name"));
        told.check(words::check_subdomain, faults);
    }
}

fn check_ephemeral(source: &Place<'_>, faults: &mut Faults) {
    let template = source.field("volumeClaimTemplate");
    if template.is_set() {
        check_labels(&template.field("metadata").field("labels"), faults);
        check_claim_spec(&template.field("spec"), faults);
    } else {
        faults.push(template.required(""));
    }
}

fn check_host_path(source: &Place<'_>, faults: &mut Faults) {
    let path = source.field("path");
    if path.is_empty() {
        faults.push(path.required(""));
        return;
    }
    if words::leads_out(path.text()) {
        faults.push(path.invalid("must not contain '..'"));
    }
    let kinds = [
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    let kind = source.field("type");
    if kind.is_set() && !kinds.contains(&kind.text()) {
        faults.push(kind.not_supported(&kinds));
    }
}

fn check_mode(mode: &Place<'_>, faults: &mut Faults) {
    let known = 0..=0o777;
    if mode.number().is_some_and(|mode| !known.contains(&mode)) {
        faults.push(mode.invalid(MODE));
    }
}

/// The files that are made of entries of a secret or config map.
fn check_files(source: &Place<'_>, faults: &mut Faults) {
    check_mode(&source.field("defaultMode"), faults);
    for item in source.field("items").items() {
        check_file(&item, faults);
    }
}

fn check_file(item: &Place<'_>, faults: &mut Faults) {
    let key = item.field("key");
    if key.is_empty() {
        faults.push(key.required(""));
    }
    check_file_path(&item.field("path"), faults);
    check_mode(&item.field("mode"), faults);
}

fn check_file_about_pod(file: &Place<'_>, faults: &mut Faults) {
    check_file_path(&file.field("path"), faults);
    let (field, resource) = (file.field("fieldRef"), file.field("resourceFieldRef"));
    if field.is_set() {
        source::check_field(&field, &source::FILE_FIELDS, faults);
        if resource.is_set() {
            faults.push(file.invalid_as(
                "resource",
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            ));
        }
    } else if resource.is_set() {
        source::check_resource(&resource, source::Container::Named, faults);
    } else {
        faults.push(file.required("one of fieldRef and resourceFieldRef is required"));
    }
    check_mode(&file.field("mode"), faults);
}

fn check_projected(projected: &Place<'_>, faults: &mut Faults) {
    check_mode(&projected.field("defaultMode"), faults);
    let mut paths = BTreeSet::new();
    for part in projected.field("sources").items() {
        let kinds = ["secret", "configMap", "downwardAPI", "serviceAccountToken"];
        let given = kinds.map(|kind| (kind, part.field(kind)));
        let given = given.into_iter().filter(|(_, place)| place.is_set());
        for (index, (kind, source)) in given.enumerate() {
            if index > 0 {
                faults.push(part.forbidden("may not specify more than 1 volume type per source"));
            } else {
                check_projection(kind, &source, projected, &mut paths, faults);
            }
        }
    }
}

/// One of the sources. That two of them make the same file is told of all of them.
fn check_projection<'a>(
    kind: &str,
    source: &Place<'a>,
    projected: &Place<'_>,
    paths: &mut BTreeSet<&'a str>,
    faults: &mut Faults,
) {
    if kind == "serviceAccountToken" {
        check_token(source, projected, faults);
        return;
    }
    let is_about_pod = kind == "downwardAPI";
    let name = source.field("name");
    if !is_about_pod && name.is_empty() {
        faults.push(name.required(""));
    }
    for file in source.field("items").items() {
        if is_about_pod {
            check_file_about_pod(&file.told_at(projected.path()), faults);
        } else {
            check_file(&file, faults);
        }
        let path = file.field("path").text();
        if !path.is_empty() && !paths.insert(path) {
            let told = if is_about_pod { path } else { name.text() };
            faults.push(projected.invalid_as(told, "conflicting duplicate paths"));
        }
    }
}

fn check_token(token: &Place<'_>, projected: &Place<'_>, faults: &mut Faults) {
    let lasts = token.field("expirationSeconds");
    match lasts.number() {
        Some(seconds) if seconds < 600 => {
            faults.push(lasts.invalid("may not specify a duration less than 10 minutes"));
        }
        Some(seconds) if seconds > 1 << 32 => {
            faults.push(lasts.invalid("may not specify a duration larger than 2^32 seconds"));
        }
        Some(_) | None => {}
    }
    let path = token.field("path");
    check_file_path(&path.told_at(&projected.path().field("path")), faults);
}

/// A file's place in a volume.
fn check_file_path(path: &Place<'_>, faults: &mut Faults) {
    if path.is_empty() {
        faults.push(path.required(""));
    }
    check_descending(path, faults);
    if path.text().starts_with("..") && !words::leads_out(path.text()) {
        faults.push(path.invalid("must not start with '..'"));
    }
}

/// A path that stays below where it begins.
pub(super) fn check_descending(path: &Place<'_>, faults: &mut Faults) {
    if path.text().starts_with('/') {
        faults.push(path.invalid("must be a relative path"));
    }
    if words::leads_out(path.text()) {
        faults.push(path.invalid("must not contain '..'"));
    }
}

/// The words for a claim's mode, which volumes made with the pod have too.
pub(in super::super::super) fn check_volume_mode(mode: &Place<'_>, faults: &mut Faults) {
    check_optional_word(mode, &["Block", "Filesystem"], faults);
}
