//! What is done before the server of a part with what it is asked: its requests are logged, and put together.
//!
//! The workbench does it itself for parts that are asked through it, which is from outside. A predictor behind a transformer is
//! asked by that one's pod; it has KServe's agent in its own (`agent.rs`).

use std::collections::BTreeMap;
use std::time::Duration;

use coracle_objects::Object;
use coracle_objects::kind::inference_service::Component;
use serde_json::{Map, Value};

use super::{metadata, union};

/// Where events go where a logger does not say. KServe's word: a service of the namespace.
const USUAL_SINK: &str = "http://default-broker";

/// How many instances a batch is sent with at once. KServe's word.
const USUAL_BATCH: usize = 32;

/// How long a batch waits for more. KServe's word.
const USUAL_LATENCY: Duration = Duration::from_millis(5000);

/// Who is told of what a part is asked and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logger {
    /// Where events are sent.
    pub sink: String,
    /// What is told.
    pub mode: LoggerMode,
    /// The headers of requests that are told with them.
    pub headers: Vec<String>,
    /// The annotations of the service that are told with them.
    pub annotations: BTreeMap<String, String>,
}

/// What a logger tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggerMode {
    /// Requests and responses.
    All,
    /// Requests alone.
    Request,
    /// Responses alone.
    Response,
}

/// How the instances of several requests are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batcher {
    /// With how many instances a batch waits no longer.
    pub most: usize,
    /// How long it waits.
    pub latency: Duration,
}

impl LoggerMode {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Request => "request",
            Self::Response => "response",
        }
    }

    /// Whether requests are told of.
    pub fn has_requests(self) -> bool {
        self != Self::Response
    }

    /// Whether responses are told of.
    pub fn has_responses(self) -> bool {
        self != Self::Request
    }
}

/// The logger of a part, if it has one.
pub fn logger(service: &Object, component: Component) -> Option<Logger> {
    let part = component.of(service)?;
    let logger = part.get("logger")?.as_object()?;
    let named = |field: &str| {
        let names = logger.get(field).and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str)
    };
    let of_part = part.get("annotations").and_then(Value::as_object);
    let annotations = union([
        metadata(service, "annotations"),
        of_part.cloned().unwrap_or_default(),
    ]);
    let annotation = |name: &str| {
        let value = annotations.get(name)?.as_str()?;
        Some((name.to_owned(), value.to_owned()))
    };
    let text = |field: &str| logger.get(field).and_then(Value::as_str);
    Some(Logger {
        sink: text("url").unwrap_or(USUAL_SINK).to_owned(),
        mode: match text("mode") {
            Some("request") => LoggerMode::Request,
            Some("response") => LoggerMode::Response,
            _ => LoggerMode::All,
        },
        headers: named("metadataHeaders").map(str::to_owned).collect(),
        annotations: named("metadataAnnotations")
            .filter_map(annotation)
            .collect(),
    })
}

/// The batcher of a part, if it has one.
pub fn batcher(service: &Object, component: Component) -> Option<Batcher> {
    let batcher = component.of(service)?.get("batcher")?.as_object()?;
    let number = |field: &str| batcher.get(field)?.as_u64().filter(|number| *number > 0);
    let most = number("maxBatchSize").and_then(|most| usize::try_from(most).ok());
    Some(Batcher {
        most: most.unwrap_or(USUAL_BATCH),
        latency: number("maxLatency").map_or(USUAL_LATENCY, Duration::from_millis),
    })
}

/// Whether a part needs an agent in its pods: it logs or batches what others of its service ask it, past the workbench.
pub(super) fn needs_agent(
    service: &Object,
    component: Component,
    part: &Map<String, Value>,
) -> bool {
    let has = |field: &str| part.get(field).is_some_and(Value::is_object);
    component == Component::Predictor
        && Component::Transformer.of(service).is_some()
        && (has("logger") || has("batcher"))
}
