//! Which runtime serves a model.

use std::sync::Arc;

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Map, Value, json};

use super::Unfit;
use crate::kind::step::World;

/// A runtime that serves a model, and what follows for the model from it.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub(super) runtime: Arc<Object>,
    /// The model, with what the kind of server wants of it.
    pub(super) model: Map<String, Value>,
    /// Labels that the runtime's placeholders refer to.
    pub(super) labels: Map<String, Value>,
}

impl Chosen {
    pub(super) fn name(&self) -> &str {
        self.runtime.name()
    }

    /// Whether it stands for the whole cluster.
    pub(super) fn is_cluster_wide(&self) -> bool {
        self.runtime.namespace().is_empty()
    }
}

/// The runtime of a service's predictor; none for containers of its own.
pub(super) fn chosen(service: &Object, world: &dyn World) -> Result<Option<Chosen>, Unfit> {
    let Some(model) = service
        .at(&["spec", "predictor", "model"])
        .and_then(Value::as_object)
    else {
        return Ok(None);
    };
    let runtime = match model.get("runtime").and_then(Value::as_str) {
        Some(name) => named(service, model, name, world)?,
        None => fitting(service, model, world)?,
    };
    let (mut model, mut labels) = (model.clone(), Map::new());
    adapt(service, runtime.name(), &mut model, &mut labels);
    Ok(Some(Chosen {
        runtime,
        model,
        labels,
    }))
}

/// The runtime of a name that a service means: one of its namespace before one of the cluster.
pub(super) fn called(name: &str, service: &Object, world: &dyn World) -> Option<Arc<Object>> {
    world
        .get(kind::serving_runtimes(), service.namespace(), name)
        .or_else(|| world.get(kind::cluster_serving_runtimes(), "", name))
}

fn named(
    service: &Object,
    model: &Map<String, Value>,
    name: &str,
    world: &dyn World,
) -> Result<Arc<Object>, Unfit> {
    let unfit = |reason, message: &str| {
        Err(Unfit {
            reason,
            message: message.to_owned(),
        })
    };
    let Some(runtime) = called(name, service, world) else {
        return unfit(
            "RuntimeNotRecognized",
            "Waiting for runtime to become available",
        );
    };
    if is_disabled(&runtime) {
        return unfit("RuntimeDisabled", "Specified runtime is disabled");
    }
    if let Some(protocol) = model.get("protocolVersion").and_then(Value::as_str)
        && !speaks(&runtime, protocol)
    {
        return unfit(
            "NoSupportingRuntime",
            "Specified runtime does not support specified protocol version",
        );
    }
    if !serves(&runtime, model) {
        return unfit(
            "NoSupportingRuntime",
            "Specified runtime does not support specified framework/version",
        );
    }
    Ok(runtime)
}

/// The first that fits: those of the namespace before those of the cluster, of these the one with the highest priority for the
/// format, then the one with the simplest protocol, then the newest.
fn fitting(
    service: &Object,
    model: &Map<String, Value>,
    world: &dyn World,
) -> Result<Arc<Object>, Unfit> {
    let protocol = model
        .get("protocolVersion")
        .and_then(Value::as_str)
        .unwrap_or("v1");
    let has_workers = service.at(&["spec", "predictor", "workerSpec"]).is_some();
    let fits = |runtime: &Arc<Object>| {
        !is_disabled(runtime)
            && runtime.at(&["spec", "multiModel"]) != Some(&Value::Bool(true))
            && serves(runtime, model)
            && speaks(runtime, protocol)
            && runtime.at(&["spec", "workerSpec"]).is_some() == has_workers
    };
    let format = model["modelFormat"]["name"].as_str().unwrap_or_default();
    let best = |mut runtimes: Vec<Arc<Object>>| {
        runtimes.retain(fits);
        runtimes
            .into_iter()
            .min_by_key(|runtime| rank(runtime, format))
    };
    best(world.list(kind::serving_runtimes(), Some(service.namespace())))
        .or_else(|| best(world.list(kind::cluster_serving_runtimes(), None)))
        .ok_or_else(|| Unfit {
            reason: "NoSupportingRuntime",
            message: "No runtime found to support specified framework/version".to_owned(),
        })
}

type Rank = (
    std::cmp::Reverse<Option<i64>>,
    usize,
    std::cmp::Reverse<Option<Timestamp>>,
    String,
);

fn rank(runtime: &Object, format: &str) -> Rank {
    let formats = runtime.list_at(&["spec", "supportedModelFormats"]).iter();
    // As on a cluster, one that is not selected by itself counts as well.
    let priority = formats
        .into_iter()
        .find(|found| found["name"] == format && found.get("priority").is_some());
    let protocols = runtime.list_at(&["spec", "protocolVersions"]).iter();
    let simplest = protocols
        .filter_map(|protocol| age_of(protocol.as_str()?))
        .min();
    (
        std::cmp::Reverse(priority.and_then(|found| found["priority"].as_i64())),
        simplest.unwrap_or_default(),
        std::cmp::Reverse(runtime.created_at()),
        runtime.name().to_owned(),
    )
}

/// The protocols, from the simplest on.
fn age_of(protocol: &str) -> Option<usize> {
    let known = ["", "v1", "v2", "grpc-v1", "grpc-v2"];
    known.iter().position(|name| *name == protocol)
}

fn is_disabled(runtime: &Object) -> bool {
    runtime.at(&["spec", "disabled"]) == Some(&Value::Bool(true))
}

fn speaks(runtime: &Object, protocol: &str) -> bool {
    let spoken = runtime.list_at(&["spec", "protocolVersions"]);
    spoken.is_empty() || spoken.iter().any(|found| *found == protocol)
}

/// Whether a runtime serves the model's format. One that is not named by the model has to offer itself.
fn serves(runtime: &Object, model: &Map<String, Value>) -> bool {
    let is_named = model.get("runtime").is_some_and(Value::is_string);
    let (name, version) = (
        &model["modelFormat"]["name"],
        model["modelFormat"].get("version"),
    );
    let mut formats = runtime.list_at(&["spec", "supportedModelFormats"]).iter();
    formats.any(|format| {
        format["name"] == *name
            && (is_named || format["autoSelect"] == true)
            && version.is_none_or(|version| format.get("version") == Some(version))
    })
}

/// What some kinds of servers want to be told of a model.
fn adapt(
    service: &Object,
    runtime: &str,
    model: &mut Map<String, Value>,
    labels: &mut Map<String, Value>,
) {
    let has_storage = model.contains_key("storageUri") || model.contains_key("storage");
    let second = model
        .get("protocolVersion")
        .is_some_and(|given| given == "v2" || given == "grpc-v2");
    match runtime {
        "kserve-mlserver" => {
            let told: Vec<(&str, &str)> = if has_storage {
                vec![
                    ("MLSERVER_MODEL_NAME", service.name()),
                    ("MLSERVER_MODEL_URI", super::storage::MODELS),
                ]
            } else {
                vec![("MLSERVER_LOAD_MODELS_AT_STARTUP", "false")]
            };
            for (name, value) in told {
                add_variable(model, name, value);
            }
            let class = match model["modelFormat"]["name"].as_str() {
                Some("xgboost") => "mlserver_xgboost.XGBoostModel",
                Some("lightgbm") => "mlserver_lightgbm.LightGBMModel",
                Some("mlflow") => "mlserver_mlflow.MLflowRuntime",
                _ => "mlserver_sklearn.SKLearnModel",
            };
            labels.insert("modelClass".to_owned(), class.into());
        }
        "kserve-torchserve" => {
            let protocol = model
                .get("protocolVersion")
                .and_then(Value::as_str)
                .unwrap_or("v1")
                .to_owned();
            let envelope = if second { "kservev2" } else { "kserve" };
            labels.insert("serviceEnvelope".to_owned(), envelope.into());
            add_variable(model, "PROTOCOL_VERSION", &protocol);
        }
        "kserve-tritonserver" if !has_storage => {
            let arguments = model.entry("args").or_insert_with(|| json!([]));
            if let Some(arguments) = arguments.as_array_mut() {
                arguments.push("--model-control-mode=explicit".into());
            }
        }
        _ => {}
    }
}

fn add_variable(model: &mut Map<String, Value>, name: &str, value: &str) {
    let variables = model.entry("env").or_insert_with(|| json!([]));
    if let Some(variables) = variables.as_array_mut()
        && !variables.iter().any(|given| given["name"] == name)
    {
        variables.push(json!({ "name": name, "value": value }));
    }
}
