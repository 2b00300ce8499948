//! References to fields of the pod itself and to its containers' resources.

use super::super::super::place::{Faults, Place};
use super::super::super::words;

/// The fields that a variable may have its value from.
pub(super) const VARIABLE_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// The fields that a file may have its content from.
pub(super) const FILE_FIELDS: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

/// The fields that have a name at all; others are not known.
const FIELDS: [&str; 15] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.host",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.phase",
    "status.podIP",
    "status.podIPs",
];

const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// Whose resources are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// Those of the container that refers to them.
    Implied,
    /// Those of a container that has to be named.
    Named,
}

/// What is wrong with a `fieldRef`.
pub(super) fn check_field(reference: &Place<'_>, supported: &[&str], faults: &mut Faults) {
    let version = reference.field("apiVersion");
    if version.is_empty() {
        faults.push(version.required(""));
        return;
    }
    let path = reference.field("fieldPath");
    if path.is_empty() {
        faults.push(path.required(""));
        return;
    }
    let text = path.text();
    let (field, subscript) = match text
        .strip_suffix("']")
        .and_then(|text| text.split_once("['"))
    {
        Some((field, subscript)) => (field, Some(subscript)),
        None => (text, None),
    };
    let takes_subscript = matches!(field, "metadata.annotations" | "metadata.labels");
    let why = if version.text() != "v1" {
        format!("unsupported pod version: {}", version.text())
    } else if subscript.is_some() && !takes_subscript {
        format!("field label does not support subscript: {text}")
    } else if !FIELDS.contains(&field) {
        format!("field label not supported: {text}")
    } else {
        String::new()
    };
    if !why.is_empty() {
        faults.push(path.invalid(format!("error converting fieldPath: {why}")));
        return;
    }
    match (field, subscript) {
        ("metadata.annotations", Some(key)) => {
            let key = key.to_lowercase();
            let said = words::check_qualified_name(&key);
            faults.extend(
                said.into_iter()
                    .map(|detail| reference.invalid_as(key.as_str(), detail)),
            );
        }
        ("metadata.labels", Some(key)) => {
            let said = words::check_qualified_name(key);
            faults.extend(
                said.into_iter()
                    .map(|detail| reference.invalid_as(key, detail)),
            );
        }
        (field, _) if supported.contains(&field) => {}
        _ => faults.push(path.not_supported(supported)),
    }
}

/// What is wrong with a `resourceFieldRef`.
pub(super) fn check_resource(reference: &Place<'_>, container: Container, faults: &mut Faults) {
    let name = reference.field("containerName");
    let resource = reference.field("resource");
    if container == Container::Named && name.is_empty() {
        faults.push(name.required(""));
    } else if resource.is_empty() {
        faults.push(resource.required(""));
    } else if !is_resource(resource.text()) {
        faults.push(resource.not_supported(&RESOURCES));
    } else {
        check_divisor(reference, faults);
    }
}

fn is_resource(resource: &str) -> bool {
    let is_huge = |prefix| resource.strip_prefix(prefix).is_some();
    RESOURCES.contains(&resource) || is_huge("limits.hugepages-") || is_huge("requests.hugepages-")
}

fn check_divisor(reference: &Place<'_>, faults: &mut Faults) {
    let divisor = reference.field("divisor");
    let Some(quantity) = divisor.quantity().filter(|quantity| !quantity.is_zero()) else {
        return;
    };
    let (allowed, what): (&[&str], _) = match reference.field("resource").text() {
        "limits.cpu" | "requests.cpu" => (&["1m", "1"], "cpu"),
        "limits.memory" | "requests.memory" => (BYTES, "memory"),
        resource if resource.ends_with("ephemeral-storage") => (BYTES, "local ephemeral storage"),
        _ => (BYTES, "hugepages"),
    };
    if !allowed.contains(&quantity.to_string().as_str()) {
        let values = match allowed {
            [one, other] => format!("{one} and {other}"),
            values => values.join(", "),
        };
        let why = format!("only divisor's values {values} are supported with the {what} resource");
        faults.push(divisor.invalid_as(reference.field("resource").text(), why));
    }
}

const BYTES: &[&str] = &[
    "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
];
