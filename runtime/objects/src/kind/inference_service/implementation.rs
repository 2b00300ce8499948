//! What a component of an inference service is made of: a model of a format, or containers of one's own.

use serde_json::{Map, Value};

use crate::object::{Object, ObjectExt};
use crate::schema::ObjectType;

/// The container that answers predictions.
pub const SERVER: &str = "kserve-container";

/// The container that works on what comes and goes, beside the server in the predictor's pod.
pub const TRANSFORMER: &str = "transformer-container";

/// The variable with which a container of one's own says where its model is.
pub const STORAGE_URI: &str = "STORAGE_URI";

/// The parts that an inference service is deployed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// Answers predictions.
    Predictor,
    /// Works on what the predictor is asked and says.
    Transformer,
    /// Says why the predictor said what it did.
    Explainer,
}

/// A predictor's fields that are a format each, with the name of that format.
pub(super) const FORMATS: [&str; 10] = [
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
];

impl Component {
    /// All of them, the predictor first.
    pub const ALL: [Self; 3] = [Self::Predictor, Self::Transformer, Self::Explainer];

    /// Its field in `spec`, and the word for it in names and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Predictor => "predictor",
            Self::Transformer => "transformer",
            Self::Explainer => "explainer",
        }
    }

    /// What an inference service says of it, where it has it.
    pub fn of(self, service: &Object) -> Option<&Map<String, Value>> {
        service.at(&["spec", self.as_str()])?.as_object()
    }
}

/// How many implementations a component has; there has to be one.
pub(super) fn count(component: Component, spec: &Map<String, Value>) -> usize {
    let fields: &[&str] = match component {
        Component::Predictor => &FORMATS,
        Component::Transformer => &[],
        Component::Explainer => &["art"],
    };
    let is_model =
        component == Component::Predictor && spec.get("model").is_some_and(Value::is_object);
    let named = fields
        .iter()
        .filter(|field| spec.get(**field).is_some_and(Value::is_object))
        .count()
        + usize::from(is_model);
    let containers = containers(spec);
    let servers = containers
        .iter()
        .filter(|container| container["name"] == SERVER)
        .count();
    match component {
        Component::Predictor | Component::Explainer if named + servers == 0 => {
            usize::from(!containers.is_empty())
        }
        Component::Predictor | Component::Explainer => named + servers,
        Component::Transformer => usize::from(!containers.is_empty()),
    }
}

/// The containers that a component gives itself.
pub(super) fn containers(spec: &Map<String, Value>) -> &[Value] {
    spec.get("containers")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Where a component's model is, as it says itself; none where it says nothing.
pub fn storage_uri(spec: &Map<String, Value>) -> Option<&str> {
    let of_model = spec.get("model").and_then(|model| model.get("storageUri"));
    let server = containers(spec)
        .iter()
        .find(|container| container["name"] == SERVER);
    let of_server = server.and_then(|server| {
        let variables = server.get("env")?.as_array()?;
        variables
            .iter()
            .find(|variable| variable["name"] == STORAGE_URI)?
            .get("value")
    });
    of_model.or(of_server)?.as_str()
}

/// Whether a container says where a model is.
pub(super) fn names_a_model(container: &Value) -> bool {
    let variables = container.get("env").and_then(Value::as_array);
    variables.is_some_and(|variables| {
        variables
            .iter()
            .any(|variable| variable["name"] == STORAGE_URI)
    })
}

/// What a component says of its pod, as a pod's `spec` has it.
pub fn pod_fields(spec: &Map<String, Value>) -> Map<String, Value> {
    let Some(pod) = ObjectType::built_in("", "v1", "Pod") else {
        return Map::new();
    };
    let fields = spec.iter().filter(|(field, _)| {
        let known = pod.schema.child("spec").and_then(|spec| spec.child(field));
        known.is_some()
    });
    fields
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}
