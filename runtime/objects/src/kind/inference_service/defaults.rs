//! What a client leaves out, and what it says in the way of earlier versions.

use serde_json::{Map, Value, json};

use super::super::fill;
use super::implementation::{Component, FORMATS, SERVER, count};
use crate::object::{Object, ObjectExt as _};

/// What a server has of the machine that says nothing.
const RESOURCES: [(&str, &str); 2] = [("cpu", "1"), ("memory", "2Gi")];

/// Formats whose servers speak nothing older than the second protocol.
const SECOND_PROTOCOL: [&str; 3] = ["triton", "onnx", "huggingface"];

/// The annotation that says how a service is deployed, and what stands there where nothing was said.
const MODE: &str = "serving.kserve.io/deploymentMode";
const STANDARD: &str = "Standard";

/// Modes by the names that they had once.
const FORMER_MODES: [(&str, &str); 2] = [("RawDeployment", STANDARD), ("Serverless", "Knative")];

pub(super) fn set_defaults(object: &mut Object) {
    set_mode(object);
    let Some(spec) = fill::map_at(object, "spec") else {
        return;
    };
    if let Some(predictor) = fill::map_at(spec, "predictor") {
        name_format(predictor);
        set_model_defaults(predictor);
    }
    for component in Component::ALL {
        if let Some(part) = fill::map_at(spec, component.as_str())
            && count(component, part) == 1
        {
            set_container_defaults(part);
        }
    }
}

fn set_mode(object: &mut Object) {
    let Some(annotations) = fill::map_in(object.metadata_mut(), "annotations") else {
        return;
    };
    fill::text(annotations, MODE, STANDARD);
    let former = FORMER_MODES
        .into_iter()
        .find(|(former, _)| annotations[MODE] == *former);
    if let Some((_, mode)) = former {
        annotations.insert(MODE.to_owned(), mode.into());
    }
}

/// A field that is called as a format is a model of that format; it takes the place of one that is there.
fn name_format(predictor: &mut Map<String, Value>) {
    let Some(format) = FORMATS
        .into_iter()
        .find(|format| predictor.get(*format).is_some_and(Value::is_object))
    else {
        return;
    };
    let Some(Value::Object(mut model)) = predictor.remove(format) else {
        return;
    };
    if SECOND_PROTOCOL.contains(&format) {
        fill::text(&mut model, "protocolVersion", "v2");
    }
    model.insert("modelFormat".to_owned(), json!({ "name": format }));
    predictor.insert("model".to_owned(), model.into());
}

fn set_model_defaults(predictor: &mut Map<String, Value>) {
    let Some(model) = fill::map_at(predictor, "model") else {
        return;
    };
    if matches!(
        model["modelFormat"]["name"].as_str(),
        Some("triton" | "vLLM")
    ) {
        fill::text(model, "protocolVersion", "v2");
    }
    // Clients see the container that a model is in its type.
    fill::value(model, "name", "");
    fill::value(model, "resources", json!({}));
}

/// The first container is the server where there is no other, and has its share of the machine.
fn set_container_defaults(part: &mut Map<String, Value>) {
    let Some(containers) = part.get_mut("containers").and_then(Value::as_array_mut) else {
        return;
    };
    let is_alone = containers.len() == 1;
    for container in containers.iter_mut().filter_map(Value::as_object_mut) {
        fill::value(container, "resources", json!({}));
        for port in fill::each(container, "ports") {
            fill::text(port, "protocol", "TCP");
        }
    }
    let Some(first) = containers.first_mut().and_then(Value::as_object_mut) else {
        return;
    };
    if is_alone || first.get("name").is_none_or(|name| name == "") {
        first.insert("name".to_owned(), SERVER.into());
    }
    if let Some(resources) = fill::map_in(first, "resources") {
        for share in ["limits", "requests"] {
            for (resource, amount) in RESOURCES {
                if let Some(share) = fill::map_in(resources, share) {
                    fill::value(share, resource, amount);
                }
            }
        }
    }
}
