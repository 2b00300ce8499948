//! The rules of the fields of `metadata`.

use serde_json::{Map, Value};

use super::name::{check_label_value, check_qualified_name};
use crate::field::{FieldError, FieldPath};
use crate::object::{Object, ObjectExt as _};
use crate::resource::Resource;

/// The most bytes that all annotations have together.
const MOST_ANNOTATIONS: usize = 256 << 10;

/// The finalizers that need no subdomain.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

pub(super) fn path(field: &str) -> FieldPath {
    FieldPath::new("metadata").field(field)
}

/// The name, and the prefix of a generated one.
pub(super) fn name(object: &Object, resource: &Resource) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let prefix = object.meta("generateName");
    if !prefix.is_empty() {
        // A prefix may end where a name may not.
        let ends = prefix.strip_suffix('-').map(|head| format!("{head}a"));
        if let Err(fault) = resource
            .strategy
            .check_name(ends.as_deref().unwrap_or(prefix))
        {
            errors.push(FieldError::invalid(path("generateName"), prefix, fault));
        }
    }
    let name = object.name();
    if name.is_empty() {
        let detail = "name or generateName is required";
        errors.push(FieldError::required(path("name"), detail));
    } else if let Err(fault) = resource.strategy.check_name(name) {
        errors.push(FieldError::invalid(path("name"), name, fault));
    }
    errors
}

/// What has to hold of new and of changed objects.
pub(super) fn common(object: &Object, built_in: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if object.generation() < 0 {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(
            path("generation"),
            object.generation(),
            detail,
        ));
    }
    let Some(metadata) = object.metadata() else {
        return errors;
    };
    let map = |field: &str| metadata.get(field).and_then(Value::as_object);
    let list = |field: &str| metadata.get(field).and_then(Value::as_array);
    errors.extend(map("labels").into_iter().flat_map(labels));
    errors.extend(map("annotations").into_iter().flat_map(annotations));
    errors.extend(
        list("ownerReferences")
            .into_iter()
            .flat_map(|it| owners(it)),
    );
    errors.extend(
        list("finalizers")
            .into_iter()
            .flat_map(|it| finalizers(it, built_in)),
    );
    errors
}

/// The rules of labels, which stand under `metadata.labels` or elsewhere, such as in a template.
pub(crate) fn labels_at(labels: &Map<String, Value>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in labels {
        for fault in check_qualified_name(key).err().into_iter().flatten() {
            errors.push(FieldError::invalid(path.clone(), key.as_str(), fault));
        }
        let value = value.as_str().unwrap_or_default();
        for fault in check_label_value(value).err().into_iter().flatten() {
            errors.push(FieldError::invalid(path.clone(), value, fault));
        }
    }
    errors
}

fn labels(labels: &Map<String, Value>) -> Vec<FieldError> {
    labels_at(labels, &path("labels"))
}

fn annotations(annotations: &Map<String, Value>) -> Vec<FieldError> {
    let path = path("annotations");
    let mut errors = Vec::new();
    let mut bytes = 0;
    for (key, value) in annotations {
        // Capitals are let pass in the subdomain of an annotation.
        let lower = key.to_lowercase();
        for fault in check_qualified_name(&lower).err().into_iter().flatten() {
            errors.push(FieldError::invalid(path.clone(), key.as_str(), fault));
        }
        bytes += key.len() + value.as_str().map_or(0, str::len);
    }
    if bytes > MOST_ANNOTATIONS {
        errors.push(FieldError::too_long(path, MOST_ANNOTATIONS));
    }
    errors
}

fn owners(owners: &[Value]) -> Vec<FieldError> {
    let path = path("ownerReferences");
    let mut errors = Vec::new();
    let mut controller: Option<String> = None;
    for owner in owners {
        errors.extend(owner_faults(owner, &path));
        if owner.get("controller") == Some(&Value::Bool(true)) {
            let named = format!("{}/{}", text(owner, "kind"), text(owner, "name"));
            if let Some(first) = &controller {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {named}"
                );
                let value = Value::Array(owners.to_vec());
                errors.push(FieldError::invalid(path.clone(), value, detail));
            }
            controller.get_or_insert(named);
        }
    }
    errors
}

fn owner_faults(owner: &Value, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let api_version = text(owner, "apiVersion");
    let (group, version) = match api_version.split_once('/') {
        None => ("", api_version),
        Some((_, rest)) if rest.contains('/') => ("", ""),
        Some(parts) => parts,
    };
    if version.is_empty() {
        let detail = "version must not be empty";
        errors.push(FieldError::invalid(
            path.field("apiVersion"),
            api_version,
            detail,
        ));
    }
    for field in ["kind", "name", "uid"] {
        let value = text(owner, field);
        if value.is_empty() {
            errors.push(FieldError::invalid(
                path.field(field),
                value,
                "must not be empty",
            ));
        }
    }
    if text(owner, "kind") == "Event" && matches!(group, "" | "events.k8s.io") && version == "v1" {
        let detail = format!("{group}/{version}, Kind=Event is disallowed from being an owner");
        errors.push(FieldError::invalid(path.clone(), owner.clone(), detail));
    }
    errors
}

fn finalizers(finalizers: &[Value], built_in: bool) -> Vec<FieldError> {
    let path = path("finalizers");
    let names: Vec<_> = finalizers
        .iter()
        .map(|it| it.as_str().unwrap_or_default())
        .collect();
    let mut errors = Vec::new();
    for name in &names {
        for fault in check_qualified_name(name).err().into_iter().flatten() {
            errors.push(FieldError::invalid(path.clone(), *name, fault));
        }
    }
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        let value = Value::Array(finalizers.to_vec());
        errors.push(FieldError::invalid(path.clone(), value, detail));
    }
    for (index, name) in names.iter().enumerate().filter(|_| built_in) {
        if !name.contains('/') && !STANDARD_FINALIZERS.contains(name) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid(path.index(index), *name, detail));
        }
    }
    errors
}

/// The fields that no update may change.
pub(super) fn immutable(new: &Object, old: &Object) -> Vec<FieldError> {
    const DETAIL: &str = "field is immutable";
    const FIELDS: [&str; 6] = [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    let mut errors = Vec::new();
    if old.is_being_deleted() {
        errors.extend(new_finalizers(new, old));
    }
    let value = |object: &Object, field: &str| object.at(&["metadata", field]).cloned();
    for field in FIELDS {
        let (new, old) = (value(new, field), value(old, field));
        if new != old {
            let new = new.unwrap_or(Value::Null);
            errors.push(FieldError::invalid(path(field), new, DETAIL));
        }
    }
    errors
}

/// Finalizers that were added although the object is being deleted.
fn new_finalizers(new: &Object, old: &Object) -> Option<FieldError> {
    let held = old.finalizers();
    let added = new.finalizers();
    let added: Vec<_> = added.iter().filter(|it| !held.contains(it)).collect();
    if added.is_empty() {
        return None;
    }
    let mut added: Vec<_> = added.iter().map(|it| format!("{it:?}")).collect();
    added.sort_unstable();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    Some(FieldError::forbidden(path("finalizers"), detail))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
