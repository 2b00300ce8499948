//! The variables of a container, in the order in which Kubernetes lets them override each other: those of services, those
//! of whole objects, those that are named.

use std::collections::BTreeMap;

use coracle_spec::kind::pod::{Container, EnvFromSource, EnvSource, ObjectKey};

use super::expand::expand;
use super::fields::PodFacts;
use super::objects::{Entries, PodObjects};
use super::service_variables::service_variables;

/// The variables of a container.
///
/// # Errors
/// In a kubelet's words, when an object or key is not there that has to be.
pub(super) fn environment(
    facts: PodFacts<'_>,
    container: &Container,
    objects: &PodObjects,
) -> Result<BTreeMap<String, String>, String> {
    let services = service_variables(&objects.services, facts.pod.spec.enable_service_links);
    let mut variables = whole_objects(container, objects)?;
    let namespace = &facts.pod.namespace;
    for variable in &container.env {
        let value = match &variable.source {
            EnvSource::Value(text) => {
                let known = |name: &str| variables.get(name).or_else(|| services.get(name));
                Some(expand(text, |name| known(name).map(String::as_str)))
            }
            EnvSource::ConfigMap(key) => {
                let found = objects.config_maps.get(&key.name);
                stored(key, found, ["configmap", "ConfigMap"], namespace)?
            }
            EnvSource::Secret(key) => {
                let found = objects.secrets.get(&key.name);
                stored(key, found, ["secret", "Secret"], namespace)?
            }
            EnvSource::Field(field) => {
                let path = &field.field_path;
                let value = facts.field(path);
                Some(value.ok_or_else(|| format!("unsupported fieldPath: {path}"))?)
            }
            EnvSource::Resource(field) => Some(facts.resource(field, Some(container))?),
        };
        if let Some(value) = value {
            variables.insert(variable.name.clone(), value);
        }
    }
    for (name, value) in services {
        variables.entry(name).or_insert(value);
    }
    Ok(variables)
}

fn whole_objects(
    container: &Container,
    objects: &PodObjects,
) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    for from in &container.env_from {
        let (word, name, found) = match &from.source {
            EnvFromSource::ConfigMap(name) => ("configmap", name, objects.config_maps.get(name)),
            EnvFromSource::Secret(name) => ("secret", name, objects.secrets.get(name)),
            EnvFromSource::Other => continue,
        };
        let entries = match found {
            Some(entries) => entries,
            None if from.optional => continue,
            None => return Err(format!("{word} {name:?} not found")),
        };
        for (key, value) in &entries.data {
            let name = format!("{}{key}", from.prefix);
            if is_variable_name(&name) {
                variables.insert(name, text(value));
            }
        }
    }
    Ok(variables)
}

fn stored(
    key: &ObjectKey,
    found: Option<&Entries>,
    [object, kind]: [&str; 2],
    namespace: &str,
) -> Result<Option<String>, String> {
    let ObjectKey {
        name,
        key,
        optional,
    } = key;
    let value = match found {
        Some(entries) => entries.data.get(key),
        None if *optional => return Ok(None),
        None => return Err(format!("{object} {name:?} not found")),
    };
    match value {
        Some(value) => Ok(Some(text(value))),
        None if *optional => Ok(None),
        None => Err(format!(
            "couldn't find key {key} in {kind} {namespace}/{name}"
        )),
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// Anything that can be printed, but for `=`.
fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| (' '..='~').contains(&c) && c != '=')
}
