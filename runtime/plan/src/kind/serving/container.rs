//! A runtime's container with what a service says of its own.

use coracle_objects::kind::inference_service::SERVER;
use coracle_objects::patch::strategic_merge;
use coracle_objects::{Object, ObjectExt as _};
use serde_json::{Map, Value};

use super::Unfit;
use super::runtime::Chosen;

/// The type of a container.
const CONTAINER: &str = "io.k8s.api.core.v1.Container";

/// Fields of a model that are not its container's.
const OF_MODEL: [&str; 6] = [
    "modelFormat",
    "runtime",
    "storageUri",
    "storage",
    "protocolVersion",
    "runtimeVersion",
];

/// Runtimes whose image for a GPU has a tag of its own.
const GPU_TAGGED: [&str; 3] = [
    "kserve-tensorflow-serving",
    "kserve-torchserve",
    "kserve-huggingfaceserver",
];

/// The container that serves a model.
pub(super) fn server(
    service: &Object,
    chosen: &Chosen,
    labels: &Map<String, Value>,
) -> Result<Value, Unfit> {
    let containers = chosen.runtime.list_at(&["spec", "containers"]);
    if containers.is_empty() {
        return Err(Unfit::predictor(
            "no container configuration found in selected serving runtime".to_owned(),
        ));
    }
    let Some(own) = containers
        .iter()
        .find(|container| container["name"] == SERVER)
        .and_then(Value::as_object)
    else {
        return Err(Unfit::predictor(format!(
            "failed to find {SERVER} in ServingRuntime containers"
        )));
    };
    let mut given = chosen.model.clone();
    given.retain(|field, _| !OF_MODEL.contains(&field.as_str()));
    let mut merged = merge(own, &given)?;
    fill_placeholders(service, labels, &mut merged).map_err(|name| {
        let runtime = chosen.name();
        Unfit::predictor(format!(
            "failed to replace placeholders in serving runtime {runtime} Container {SERVER}: {name}"
        ))
    })?;
    let version = chosen.model.get("runtimeVersion").and_then(Value::as_str);
    tag_image(&mut merged, version, chosen.name());
    Ok(merged)
}

/// One container over the other; arguments of both stand one after the other.
pub(super) fn merge(own: &Map<String, Value>, given: &Map<String, Value>) -> Result<Value, Unfit> {
    let mut merged = strategic_merge(CONTAINER, own, given)
        .map_err(|why| Unfit::predictor(format!("failed to merge container. Detail: {why}")))?;
    if merged.get("name").is_none_or(|name| name == "") {
        merged.insert(
            "name".to_owned(),
            own.get("name").cloned().unwrap_or_default(),
        );
    }
    let arguments = [own, given]
        .into_iter()
        .filter_map(|container| container.get("args")?.as_array());
    let arguments: Vec<Value> = arguments.flatten().cloned().collect();
    if !arguments.is_empty() {
        merged.insert("args".to_owned(), arguments.into());
    }
    Ok(Value::Object(merged))
}

/// Writes out `{{.Name}}`, `{{.Namespace}}`, `{{.Labels.x}}` and `{{.Annotations.x}}` in all texts.
///
/// # Errors
/// What is between braces and none of these.
pub(super) fn fill_placeholders(
    service: &Object,
    labels: &Map<String, Value>,
    value: &mut Value,
) -> Result<(), String> {
    match value {
        Value::String(text) if text.contains("{{") => {
            *text = filled(service, labels, text)?;
        }
        Value::Array(items) => {
            for item in items {
                fill_placeholders(service, labels, item)?;
            }
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                fill_placeholders(service, labels, field)?;
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

fn filled(service: &Object, labels: &Map<String, Value>, text: &str) -> Result<String, String> {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            return Err(text.to_owned());
        };
        done.push_str(before);
        done.push_str(&meant(service, labels, name.trim()).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}

fn meant(service: &Object, labels: &Map<String, Value>, name: &str) -> Option<String> {
    // What a map does not have is told so, as Go's templates do.
    let missing = || "<no value>".to_owned();
    if let Some(label) = name.strip_prefix(".Labels.") {
        return Some(
            labels
                .get(label)
                .and_then(Value::as_str)
                .map_or_else(missing, str::to_owned),
        );
    }
    if let Some(annotation) = name.strip_prefix(".Annotations.") {
        return Some(
            service
                .annotation(annotation)
                .map_or_else(missing, str::to_owned),
        );
    }
    match name {
        ".Name" => Some(service.name().to_owned()),
        ".Namespace" => Some(service.namespace().to_owned()),
        _ => None,
    }
}

/// The image that is asked for by version, or for a GPU. One that is told by its digest stays.
fn tag_image(container: &mut Value, version: Option<&str>, runtime: &str) {
    let Some(image) = container.get("image").and_then(Value::as_str) else {
        return;
    };
    if image.contains("@sha256:") {
        return;
    }
    let tag = image
        .rfind(':')
        .filter(|colon| !image[*colon..].contains('/'));
    let tagged = match version {
        Some(version) => format!("{}:{version}", &image[..tag.unwrap_or(image.len())]),
        None if asks_for_gpu(container)
            && tag.is_some()
            && GPU_TAGGED.contains(&runtime)
            && !image.ends_with("-gpu") =>
        {
            format!("{image}-gpu")
        }
        None => return,
    };
    container["image"] = tagged.into();
}

fn asks_for_gpu(container: &Value) -> bool {
    ["limits", "requests"].iter().any(|share| {
        let share = container["resources"][*share].as_object();
        share.is_some_and(|share| share.keys().any(|resource| resource.ends_with("/gpu")))
    })
}
