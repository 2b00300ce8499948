//! What a client that sends a pod, or a template of one, is warned of.

use std::collections::{BTreeMap, BTreeSet};

use super::super::place::Place;
use super::super::words;
use crate::object::{Object, ObjectExt};

/// The warning about a name that is to be a hostname and is none. `use_of` says whose.
pub(in super::super) fn name_warning(object: &Object, use_of: &str) -> Option<String> {
    let said = words::check_label(object.name());
    (!said.is_empty() && !object.name().is_empty()).then(|| {
        format!(
            "metadata.name: this is used in {use_of}, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            said.join(" ")
        )
    })
}

/// The warnings about a pod's `spec`.
pub(in super::super) fn warnings(spec: &Place<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let git = spec.field("volumes");
    for volume in git
        .items()
        .filter(|volume| volume.field("gitRepo").is_set())
    {
        let path = volume.path();
        said.push(format!(
            "{path}.gitRepo: deprecated in v1.11, and disabled by default in v1.33+"
        ));
    }
    let mut names = BTreeSet::new();
    for secret in spec.field("imagePullSecrets").items() {
        let name = secret.field("name").text();
        if !names.insert(name) {
            said.push(format!("{}.name: duplicate name {name:?}", secret.path()));
        }
        if secret.field("name").is_empty() {
            said.push(format!("{}.name: invalid empty name \"\"", secret.path()));
        }
    }
    for field in ["initContainers", "containers"] {
        for container in spec.field(field).items() {
            warn_of_amounts(&container, &mut said);
            warn_of_variables(&container, &mut said);
        }
    }
    let grace = spec.field("terminationGracePeriodSeconds");
    if grace.number().is_some_and(|seconds| seconds < 0) {
        said.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            grace.path()
        ));
    }
    said
}

fn warn_of_amounts(container: &Place<'_>, said: &mut Vec<String>) {
    let resources = container.field("resources");
    for field in ["limits", "requests"] {
        for name in ["memory", "ephemeral-storage"] {
            let amount = resources.field(field).key(name);
            let part = amount.quantity().filter(|quantity| !quantity.is_whole());
            if let Some(quantity) = part {
                said.push(format!(
                    "{}: fractional byte value \"{quantity}\" is invalid, must be an integer",
                    amount.path()
                ));
            }
        }
    }
}

fn warn_of_variables(container: &Place<'_>, said: &mut Vec<String>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for variable in container.field("env").items() {
        let name = variable.field("name").text();
        let value = variable.field("value").text();
        let Some(before) = seen.insert(name, value) else {
            continue;
        };
        // One that builds upon the one before it is meant so.
        if value.is_empty() || !value.contains(&format!("$({name})")) || before.is_empty() {
            said.push(format!(
                "{}: hides previous definition of {name:?}, which may be dropped when using apply",
                variable.path()
            ));
        }
    }
}
