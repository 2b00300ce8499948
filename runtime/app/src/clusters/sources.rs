//! What is to be sent: objects of files, and objects that are here.

use std::collections::BTreeSet;

use coracle_apiserver::{ApiServer, Place};
use coracle_cluster::report::{self, Facts, Translation, translate};
use coracle_objects::Resource;
use coracle_objects::kind::resources;
use serde_json::Value;

use super::manifests;
use crate::error::AppError;
use crate::view::ObjectSources;

/// The namespace of objects that are here, where none is named.
const USUAL_NAMESPACE: &str = "default";

/// The images that the objects name.
///
/// # Errors
/// As of [`translated`].
pub(super) fn images(
    api: &ApiServer,
    sources: &ObjectSources,
) -> Result<BTreeSet<String>, AppError> {
    Ok(report::images(&objects(api, sources)?))
}

/// The objects as they are sent, with the account of every field.
///
/// # Errors
/// Files that cannot be read, names of nothing that is here, and what is no object.
pub(super) fn translated(
    api: &ApiServer,
    sources: &ObjectSources,
) -> Result<Translation, AppError> {
    let objects = objects(api, sources)?;
    let facts = Facts {
        namespace: sources.into.clone(),
        local_images: sources.local_images.iter().cloned().collect(),
        moved_images: sources.moved_images.clone(),
    };
    translate(&objects, &facts).map_err(|error| {
        AppError::request(
            error.to_string(),
            "each object needs what `kubectl apply -f` needs",
        )
    })
}

pub(super) fn objects(api: &ApiServer, sources: &ObjectSources) -> Result<Vec<Value>, AppError> {
    let mut objects = manifests::objects(&sources.files)?;
    for named in &sources.objects {
        objects.push(stored(api, named, sources.namespace.as_deref())?);
    }
    if objects.is_empty() {
        return Err(AppError::request(
            "there is nothing to send",
            "name files of objects, or objects of the workbench such as `notebook/NAME`",
        ));
    }
    Ok(objects)
}

fn stored(api: &ApiServer, named: &str, namespace: Option<&str>) -> Result<Value, AppError> {
    let hint = "write the kind as kubectl takes it, a slash and the name: `notebook/NAME`";
    let wrong = || AppError::request(format!("`{named}` names no object"), hint);
    let (kind, name) = named.split_once('/').ok_or_else(wrong)?;
    let resource = resource(kind).ok_or_else(wrong)?;
    let place = Place::of(resource, namespace.unwrap_or(USUAL_NAMESPACE), name);
    let found = api
        .get(&place)
        .map_err(|status| AppError::request(status.message, hint))?;
    let mut object = Value::Object(found.body.clone());
    // What is stored names neither.
    object["apiVersion"] = resource.group_version().to_string().into();
    object["kind"] = resource.kind.into();
    // Where it is here says nothing of where it goes.
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("namespace");
    }
    Ok(object)
}

/// The resource that kubectl would take a word for.
fn resource(word: &str) -> Option<&'static Resource> {
    let word = word.to_lowercase();
    resources().iter().copied().find(|resource| {
        word == resource.plural
            || word == resource.singular
            || word == resource.kind.to_lowercase()
            || resource.short_names.contains(&word.as_str())
    })
}
