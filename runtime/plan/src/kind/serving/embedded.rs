//! Models that the workbench serves itself, without pods.
//!
//! ```text
//!   InferenceService ──place──► who loads models ──► the annotation `coracle.serving/model` ──► status
//! ```
//!
//! Who has loaded what is known in the process alone; it writes into the service what became of it, so that it is seen here as
//! anything else is.

use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::status::{Condition, url, with_conditions};
use super::{front, is_stopped, part_name};
use crate::kind::step::World;

/// The annotation in which it is written what became of a service's model.
pub const LOADED: &str = "coracle.serving/model";

/// The name that stands where others have that of their runtime.
pub const EMBEDDED_RUNTIME: &str = "coracle-onnx";

/// The format that is served so.
const FORMAT: &str = "onnx";

/// What a model may say of itself without needing a container.
const OF_MODEL: [&str; 4] = ["modelFormat", "storageUri", "protocolVersion", "resources"];

/// What a predictor may say of itself without needing pods.
const OF_PREDICTOR: [&str; 10] = [
    "model",
    "minReplicas",
    "maxReplicas",
    "scaleTarget",
    "scaleMetric",
    "timeout",
    "logger",
    "batcher",
    "labels",
    "annotations",
];

/// Where a model lies on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelPlace {
    /// A path of the machine.
    Path(String),
    /// A path in the directory of a claim.
    Claim {
        /// The claim's name.
        claim: String,
        /// The path; empty for all of it.
        path: String,
    },
}

/// What became of a model, as it is annotated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// The generation of the service that was last tried.
    pub generation: i64,
    /// Whether a model answers: that of the generation, or the one before where that one failed.
    pub answers: bool,
    /// Why the model of the generation could not be loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The model that the workbench is to have loaded for a service; none where it is served by pods, or not at all.
pub fn to_load(service: &Object, has_claim: impl Fn(&str) -> bool) -> Option<ModelPlace> {
    let is_wanted = !service.is_being_deleted() && !is_stopped(service);
    place(service, has_claim).filter(|_| is_wanted)
}

/// Where the model of a service lies that needs no pods.
pub(super) fn place(service: &Object, has_claim: impl Fn(&str) -> bool) -> Option<ModelPlace> {
    let predictor = Component::Predictor.of(service)?;
    let model = predictor.get("model")?.as_object()?;
    let protocol = model.get("protocolVersion").and_then(Value::as_str);
    let stands_alone = Component::ALL
        .into_iter()
        .all(|part| part == Component::Predictor || part.of(service).is_none());
    let needs_no_pod = stands_alone
        && model["modelFormat"]["name"] == FORMAT
        && matches!(protocol, None | Some("" | "v1" | "v2"))
        && says_only(model, &OF_MODEL)
        && says_only(predictor, &OF_PREDICTOR);
    if !needs_no_pod {
        return None;
    }
    match model.get("storageUri")?.as_str()?.split_once("://")? {
        ("file", path) if path.starts_with('/') => Some(ModelPlace::Path(path.to_owned())),
        ("pvc", place) => {
            let (claim, path) = place.split_once('/').unwrap_or((place, ""));
            let is_below = path.split('/').all(|name| name != "..");
            (is_below && has_claim(claim)).then(|| ModelPlace::Claim {
                claim: claim.to_owned(),
                path: path.to_owned(),
            })
        }
        _ => None,
    }
}

fn says_only(fields: &Map<String, Value>, known: &[&str]) -> bool {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    fields
        .iter()
        .all(|(name, value)| known.contains(&name.as_str()) || is_empty(value))
}

/// The status of a service whose model the workbench serves.
pub(super) fn status(service: &Object, world: &dyn World) -> Value {
    let annotated = service.annotation(LOADED);
    let loaded = annotated.and_then(|text| serde_json::from_str::<Loaded>(text).ok());
    let answers = loaded.as_ref().is_some_and(|loaded| loaded.answers);
    // What was told of an earlier generation says nothing of this one.
    let now = loaded
        .as_ref()
        .filter(|loaded| loaded.generation == service.generation());
    let failure = now.and_then(|loaded| loaded.failure.as_deref());
    let predictor = match (now, failure) {
        (None, _) => Condition::plain("PredictorReady", "Unknown"),
        (Some(_), None) => Condition::plain("PredictorReady", "True"),
        (Some(_), Some(failure)) => Condition {
            reason: "ModelLoadFailed".to_owned(),
            message: failure.to_owned(),
            ..Condition::plain("PredictorReady", "False")
        },
    };
    let (target, transition) = match (now, failure) {
        (None, _) => ("Loading", "InProgress"),
        (Some(_), None) => ("Loaded", "UpToDate"),
        (Some(_), Some(_)) => ("FailedToLoad", "BlockedByFailedLoad"),
    };
    let url = url(service);
    let mut told = json!({
        "servingRuntimeName": EMBEDDED_RUNTIME,
        "url": url,
        "address": front::address(service, &part_name(service, Component::Predictor)),
        "observedGeneration": service.generation(),
        "components": { "predictor": {} },
        "modelStatus": {
            "copies": { "failedCopies": u8::from(failure.is_some()), "totalCopies": u8::from(answers) },
            "states": {
                "activeModelState": if answers { "Loaded" } else { "" },
                "targetModelState": target,
            },
            "transitionStatus": transition,
        },
    });
    if answers {
        told["components"]["predictor"]["url"] = url.into();
    }
    if let Some(failure) = failure {
        told["modelStatus"]["lastFailureInfo"] =
            json!({ "reason": "ModelLoadFailed", "message": failure });
    }
    with_conditions(service, told, vec![predictor], world)
}
