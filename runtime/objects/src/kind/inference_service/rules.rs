//! What KServe does not take, in its words, and what would not be watched as somebody meant it.

use serde_json::{Map, Value};

use super::super::words;
use super::implementation::{
    Component, FORMATS, TRANSFORMER, containers, count, names_a_model, storage_uri,
};
use super::watching::Watching;
use crate::object::{Object, ObjectExt};

/// What a name looks like, as it is told: it becomes that of services.
const NAME: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";

/// The annotation that says who scales.
const AUTOSCALER: &str = "serving.kserve.io/autoscalerClass";

const AUTOSCALERS: [&str; 4] = ["hpa", "keda", "external", "none"];

/// The first thing that is wrong.
pub(super) fn check(service: &Object) -> Result<(), String> {
    let name = service.name();
    if !words::is_label_1035(name) {
        return Err(format!(
            "the InferenceService {name:?} is invalid: a InferenceService name must consist of lower case alphanumeric \
             characters or '-', and must start with alphabetical character. (e.g. \"my-name\" or \"abc-123\", regex used for \
             validation is '{NAME}')"
        ));
    }
    let scaled_by = service.annotation(AUTOSCALER);
    if let Some(class) = scaled_by.filter(|class| !AUTOSCALERS.contains(class)) {
        return Err(format!(
            "[{class}] is not a supported autoscaler class type"
        ));
    }
    Watching::of(service)?;
    if let Some(predictor) = Component::Predictor.of(service) {
        check_workers(name, predictor, scaled_by)?;
        check_predictor(predictor)?;
    }
    for component in Component::ALL.into_iter().rev() {
        if let Some(part) = component.of(service) {
            check_storage(part)?;
        }
    }
    for component in Component::ALL {
        if let Some(part) = component.of(service) {
            check_component(component, part, scaled_by)?;
        }
    }
    Ok(())
}

/// What a change may not change.
pub(super) fn check_change(new: &Object, old: &Object) -> Result<(), String> {
    let (before, mode) = (
        old.text_at(&["status", "deploymentMode"]),
        new.annotation("serving.kserve.io/deploymentMode"),
    );
    match mode {
        Some(mode) if !before.is_empty() && mode != before => Err(format!(
            "update rejected: deploymentMode cannot be changed from '{before}' to '{mode}'"
        )),
        Some(_) | None => Ok(()),
    }
}

fn check_predictor(predictor: &Map<String, Value>) -> Result<(), String> {
    let models = FORMATS
        .into_iter()
        .chain(["model"])
        .filter_map(|field| predictor.get(field));
    if models
        .into_iter()
        .any(|model| model["name"].as_str().is_some_and(|name| !name.is_empty()))
    {
        return Err("the 'name' field is not allowed in standard predictor".to_owned());
    }
    let transformer = containers(predictor)
        .iter()
        .find(|container| container["name"] == TRANSFORMER);
    if transformer.is_some_and(names_a_model) {
        return Err("storage uri should not be specified in transformer container".to_owned());
    }
    Ok(())
}

/// Servers that are one over several machines.
fn check_workers(
    name: &str,
    predictor: &Map<String, Value>,
    scaled_by: Option<&str>,
) -> Result<(), String> {
    let Some(workers) = predictor.get("workerSpec").and_then(Value::as_object) else {
        return Ok(());
    };
    let invalid = |why: &str| Err(format!("the InferenceService {name:?} is invalid: {why}"));
    if containers(workers).len() > 1 {
        return invalid("setting multiple containers in workerSpec is not allowed");
    }
    if let Some(model) = predictor.get("model").and_then(Value::as_object) {
        for variable in ["PIPELINE_PARALLEL_SIZE", "TENSOR_PARALLEL_SIZE"] {
            let variables = model.get("env").and_then(Value::as_array);
            if variables
                .is_some_and(|variables| variables.iter().any(|given| given["name"] == variable))
            {
                return invalid(&format!(
                    "setting {variable} in environment variables is not allowed"
                ));
            }
        }
        let Some(uri) = model.get("storageUri").and_then(Value::as_str) else {
            return invalid("StorageURI should be specified for multinode");
        };
        let scheme = uri.split("://").next().unwrap_or_default();
        if !matches!(scheme, "pvc" | "oci") {
            return invalid(&format!(
                "Multinode only supports 'pvc' and 'oci' Storage Protocol({scheme})"
            ));
        }
        if scaled_by != Some("none") {
            let class = scaled_by.unwrap_or_default();
            return invalid(&format!(
                "Multinode only supports 'none' autoscaler({class})"
            ));
        }
    }
    for (field, told) in [
        ("pipelineParallelSize", "PipelineParallelSize"),
        ("tensorParallelSize", "TensorParallelSize"),
    ] {
        if let Some(size) = workers
            .get(field)
            .and_then(Value::as_i64)
            .filter(|size| *size < 1)
        {
            return invalid(&format!("WorkerSpec.{told} cannot be less than 1({size})"));
        }
    }
    Ok(())
}

fn check_storage(part: &Map<String, Value>) -> Result<(), String> {
    let Some(several) = part.get("storageUris").and_then(Value::as_array) else {
        return Ok(());
    };
    if storage_uri(part).is_some() {
        return Err("Setting both StorageURI and StorageURIs is not supported.".to_owned());
    }
    for place in several {
        let path = place["mountPath"].as_str().unwrap_or_default();
        if path == "/" {
            return Err("storage path cannot be empty".to_owned());
        }
        if path.contains("..") {
            return Err(format!(
                "storage path cannot contain '..' for security reasons: {path}"
            ));
        }
    }
    Ok(())
}

fn check_component(
    component: Component,
    part: &Map<String, Value>,
    scaled_by: Option<&str>,
) -> Result<(), String> {
    if count(component, part) != 1 {
        let (fields, kind) = match component {
            Component::Predictor => (
                "SKLearn, XGBoost, Tensorflow, PyTorch, Triton, ONNX, HuggingFace, PMML, LightGBM, Paddle, Model, \
                 StorageUris, WorkerSpec, PodSpec",
                "PredictorSpec",
            ),
            Component::Transformer => ("PodSpec, StorageUris", "TransformerSpec"),
            Component::Explainer => ("ART, StorageUris, PodSpec", "ExplainerSpec"),
        };
        return Err(format!(
            "exactly one of [{fields}] must be specified in {kind}"
        ));
    }
    let number = |field: &str| part.get(field).and_then(Value::as_i64);
    if number("containerConcurrency").is_some_and(|most| most < 0) {
        return Err("parallelism cannot be less than 0".to_owned());
    }
    let (least, most) = (
        number("minReplicas").unwrap_or(1),
        number("maxReplicas").unwrap_or(0),
    );
    if least < 0 {
        return Err("'MinReplicas' cannot be less than 0".to_owned());
    }
    if most < 0 {
        return Err("'MaxReplicas' cannot be less than 0".to_owned());
    }
    if most != 0 && least > most {
        return Err("'MinReplicas' cannot be greater than MaxReplicas".to_owned());
    }
    let logged = part
        .get("logger")
        .and_then(|logger| logger.get("storage")?.as_object());
    if logged.is_some_and(|storage| {
        ["path", "parameters", "key"]
            .iter()
            .any(|field| !storage.contains_key(*field))
    }) {
        return Err("invalid logger storage configuration".to_owned());
    }
    let sink = part
        .get("logger")
        .and_then(|logger| logger.get("url")?.as_str());
    if let Some(sink) = sink.filter(|sink| is_store(sink)) {
        return Err(format!(
            "logger.url {sink:?} is a store of objects: events are sent to http:// and https:// alone"
        ));
    }
    match scaled_by {
        Some("hpa") => check_scaling(part),
        Some(_) | None => Ok(()),
    }
}

/// Whether a sink of events is one of the stores that KServe's agent would write them into.
fn is_store(sink: &str) -> bool {
    ["s3", "gs", "abfs"]
        .iter()
        .any(|store| sink.starts_with(store))
}

fn check_scaling(part: &Map<String, Value>) -> Result<(), String> {
    let metric = part
        .get("scaleMetric")
        .and_then(Value::as_str)
        .unwrap_or("cpu");
    if !matches!(metric, "cpu" | "memory") {
        return Err(format!("[{metric}] is not a supported metric"));
    }
    let target = part.get("scaleTarget").and_then(Value::as_i64);
    if target.is_some_and(|target| metric == "cpu" && target < 1 || target > 100) {
        return Err("the target utilization percentage should be a [1-100] integer".to_owned());
    }
    Ok(())
}
