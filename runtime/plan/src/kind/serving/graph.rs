//! Inference graphs: where they answer, and what they lead to.

use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use super::status::{Condition, MODE, url, written};
use super::{deployed, front, runtime};
use crate::kind::step::{ObjectStep, World};

/// The label of everything of a graph, with its name.
const NAME_LABEL: &str = "serving.kserve.io/inferencegraph";

/// What is to be done for an inference graph: pods find it by a service of its name, and it is ready as soon as all that it leads to is
/// there.
pub fn reconcile_graph(graph: &Object, world: &dyn World) -> Vec<ObjectStep> {
    if graph.is_being_deleted() {
        return Vec::new();
    }
    let found_by = front::service(graph, graph.name(), NAME_LABEL);
    let mut steps: Vec<ObjectStep> = deployed(graph, &found_by, kind::services(), world)
        .into_iter()
        .collect();
    let namespace = graph.namespace();
    let missing = services(graph).find(|name| {
        world
            .get(kind::inference_services(), namespace, name)
            .is_none()
    });
    let ready = match missing {
        None => Condition::plain("Ready", "True"),
        Some(name) => Condition {
            reason: "ServiceNotFound".to_owned(),
            message: format!(
                "there is no inference service {name:?} in the namespace {namespace:?}"
            ),
            ..Condition::plain("Ready", "False")
        },
    };
    let status = json!({
        "conditions": written(graph, vec![ready], world),
        "deploymentMode": MODE,
        "observedGeneration": graph.generation(),
        "url": url(graph),
    });
    steps.extend(ObjectStep::status(kind::inference_graphs(), graph, status));
    steps
}

/// The inference services that a graph names.
fn services(graph: &Object) -> impl Iterator<Item = &str> {
    let nodes = graph.at(&["spec", "nodes"]).and_then(Value::as_object);
    let steps = nodes
        .into_iter()
        .flat_map(|nodes| nodes.values())
        .filter_map(|node| node.get("steps")?.as_array())
        .flatten();
    steps.filter_map(|step| step.get("serviceName")?.as_str())
}

/// The path at which a graph asks a service: by the protocol that it speaks.
pub fn predict_path(service: &Object, world: &dyn World) -> String {
    let name = service.name();
    if protocol(service, world) == "v2" {
        format!("/v2/models/{name}/infer")
    } else {
        format!("/v1/models/{name}:predict")
    }
}

fn protocol(service: &Object, world: &dyn World) -> String {
    let of_container = |part: Component| {
        let container = part.of(service)?.get("containers")?.get(0)?;
        let variables = container.get("env")?.as_array()?;
        let told = variables
            .iter()
            .find(|variable| variable["name"] == "PROTOCOL")?;
        Some(told.get("value")?.as_str()?.to_owned())
    };
    if Component::Transformer.of(service).is_some() {
        return of_container(Component::Transformer).unwrap_or_default();
    }
    let model = service.at(&["spec", "predictor", "model"]);
    let Some(model) = model else {
        return of_container(Component::Predictor).unwrap_or_default();
    };
    let of_runtime = || {
        let runtime = runtime::called(model.get("runtime")?.as_str()?, service, world)?;
        let versions = runtime.list_at(&["spec", "protocolVersions"]).iter();
        let mut spoken = versions.filter_map(Value::as_str);
        spoken
            .find(|version| ["v1", "v2"].contains(version))
            .map(str::to_owned)
    };
    let told = || Some(model.get("protocolVersion")?.as_str()?.to_owned());
    of_runtime().or_else(told).unwrap_or_default()
}
