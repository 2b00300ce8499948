//! Inference services: a deployment and a service for each of their parts, as KServe makes them in its standard mode.
//!
//! ```text
//!   InferenceService ──► runtime for its format ──► pod: the runtime's container under the service's own
//!                   ├──► Deployment NAME-predictor, NAME-transformer, NAME-explainer; NAME-predictor-canary
//!                   └──► Service of the same name for each
//! ```
//!
//! A predictor that the workbench serves itself (`embedded.rs`) has only a Service, which leads to the workbench (`front.rs`).
//!
//! What KServe's pod webhook puts into pods (where the model comes from, who logs and batches) stands in the deployment's
//! template already.

mod agent;
mod before;
mod canary;
mod container;
mod embedded;
mod front;
mod graph;
mod pod;
mod ports;
mod runtime;
mod scale;
mod shipped;
mod status;
mod storage;

use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _, Resource, kind};
use serde_json::{Map, Value, json};

use super::pod_template::map_at;
use super::step::{ObjectStep, World, controlled_by, is_controlled_by};

use canary::Rollout;

pub use before::{Batcher, Logger, LoggerMode, batcher, logger};
pub use canary::canary_percent;
pub use embedded::{EMBEDDED_RUNTIME, LOADED, Loaded, ModelPlace, to_load};
pub use graph::{predict_path, reconcile_graph};
pub use scale::{Bounds, bounds, window};
pub use shipped::shipped_runtimes;

/// The label of everything of an inference service, with its name.
pub const NAME_LABEL: &str = "serving.kserve.io/inferenceservice";

/// The annotation that stops a service.
const STOP: &str = "serving.kserve.io/stop";

/// A part as it is to be: its deployment and its service.
struct Part {
    component: Component,
    deployment: Value,
    service: Value,
    rollout: Rollout,
}

impl Part {
    /// The deployment that is to be as wanted; one that is held stays as it is.
    fn in_motion(&self) -> Option<&Value> {
        match &self.rollout {
            Rollout::Whole => Some(&self.deployment),
            Rollout::Held { candidate } => {
                candidate.as_ref().map(|candidate| &candidate.deployment)
            }
        }
    }
}

/// Why a service cannot be deployed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unfit {
    /// KServe's word: `NoSupportingRuntime`.
    reason: &'static str,
    message: String,
}

impl Unfit {
    /// One whose own definition is at fault.
    fn predictor(message: String) -> Self {
        Self {
            reason: "InvalidPredictorSpec",
            message,
        }
    }
}

/// What is to be done for an inference service.
pub fn reconcile(service: &Object, world: &dyn World) -> Vec<ObjectStep> {
    if service.is_being_deleted() {
        return Vec::new();
    }
    let is_stopped = is_stopped(service);
    let has_claim = |claim: &str| {
        let claims = kind::persistent_volume_claims();
        world.get(claims, service.namespace(), claim).is_some()
    };
    if embedded::place(service, has_claim).is_some() {
        return reconcile_embedded(service, is_stopped, world);
    }
    let chosen = runtime::chosen(service, world);
    let parts = match &chosen {
        Ok(_) if is_stopped => Ok(Vec::new()),
        Ok(chosen) => parts(service, chosen.as_ref(), world),
        Err(unfit) => Err(unfit.clone()),
    };
    let mut steps = Vec::new();
    if let Ok(parts) = &parts {
        for part in parts {
            let sized = part
                .in_motion()
                .map(|wanted| sized(service, part.component, wanted, world));
            let deployment =
                sized.and_then(|wanted| deployed(service, &wanted, kind::deployments(), world));
            steps.extend(deployment);
            steps.extend(deployed(service, &part.service, kind::services(), world));
        }
        steps.extend(superfluous(service, &kept(service, parts), world));
    }
    let told = status::status(
        service,
        &parts,
        chosen.ok().flatten().as_ref(),
        is_stopped,
        world,
    );
    steps.extend(ObjectStep::status(
        kind::inference_services(),
        service,
        told,
    ));
    steps
}

/// The names of a part's deployments, whether they are there or not.
pub fn deployment_names(service: &Object, component: Component) -> Vec<String> {
    let mut names = vec![part_name(service, component)];
    if component == Component::Predictor {
        names.push(canary::canary_name(service));
    }
    names
}

/// Whether a service is stopped by its annotation.
pub fn is_stopped(service: &Object) -> bool {
    service.annotation(STOP) == Some("true")
}

/// What is to be done for a service whose model the workbench serves itself: pods find it by a service that leads there, and what is left
/// of pods of its own goes.
fn reconcile_embedded(service: &Object, is_stopped: bool, world: &dyn World) -> Vec<ObjectStep> {
    let name = part_name(service, Component::Predictor);
    let mut steps = Vec::new();
    let (told, kept) = if is_stopped {
        let runtime = json!({ "servingRuntimeName": EMBEDDED_RUNTIME });
        (status::stopped(service, runtime, world), Vec::new())
    } else {
        let found_by = front::service(service, &name, NAME_LABEL);
        steps.extend(deployed(service, &found_by, kind::services(), world));
        let kept = vec![(kind::services(), name)];
        (embedded::status(service, world), kept)
    };
    steps.extend(superfluous(service, &kept, world));
    steps.extend(ObjectStep::status(
        kind::inference_services(),
        service,
        told,
    ));
    steps
}

/// The name of a part's objects.
pub fn part_name(service: &Object, component: Component) -> String {
    format!("{}-{}", service.name(), component.as_str())
}

fn parts(
    service: &Object,
    runtime: Option<&runtime::Chosen>,
    world: &dyn World,
) -> Result<Vec<Part>, Unfit> {
    let parts = Component::ALL
        .into_iter()
        .filter(|component| component.of(service).is_some());
    parts
        .map(|component| part(service, component, runtime, world))
        .collect()
}

fn part(
    service: &Object,
    component: Component,
    runtime: Option<&runtime::Chosen>,
    world: &dyn World,
) -> Result<Part, Unfit> {
    let name = part_name(service, component);
    let selector = json!({ "app": format!("isvc.{name}") });
    let pod = pod::of(service, component, runtime, world)?;
    let mut labels = pod.labels;
    labels.insert("app".to_owned(), selector["app"].clone());
    let metadata = json!({
        "name": name,
        "namespace": service.namespace(),
        "labels": labels,
        "annotations": pod.annotations,
        "ownerReferences": controlled_by(service),
    });
    let spec = component.of(service);
    let mut deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            // One that may sleep is awake at first, so that it is known whether it can answer.
            "replicas": scale::bounds(service, component).least.max(1),
            "selector": { "matchLabels": selector },
            "template": {
                "metadata": { "labels": labels, "annotations": pod.template_annotations },
                "spec": pod.spec,
            },
        },
    });
    if let Some(strategy) = spec.and_then(|spec| spec.get("deploymentStrategy")) {
        deployment["spec"]["strategy"] = strategy.clone();
    }
    canary::mark(&mut deployment);
    let rollout = canary::rollout(service, component, &deployment, world);
    let kubernetes_service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": { "type": "ClusterIP", "selector": selector, "ports": pod.service_ports },
    });
    Ok(Part {
        component,
        deployment,
        service: kubernetes_service,
        rollout,
    })
}

/// A deployment with as many pods as it has, where that is within the bounds of its part: who watches the requests says how many.
fn sized(service: &Object, component: Component, wanted: &Value, world: &dyn World) -> Value {
    let mut sized = wanted.clone();
    let name = wanted["metadata"]["name"].as_str().unwrap_or_default();
    let stands = world.get(kind::deployments(), service.namespace(), name);
    let pods = stands.and_then(|stands| stands.at(&["spec", "replicas"])?.as_u64());
    let bounds = scale::bounds(service, component);
    if let Some(pods) = pods.filter(|_| !bounds.is_fixed()) {
        sized["spec"]["replicas"] = bounds.clamp(pods).into();
    }
    sized
}

/// Makes an object as it is wanted, or gives one that is there what has changed.
fn deployed(
    service: &Object,
    wanted: &Value,
    resource: &'static Resource,
    world: &dyn World,
) -> Option<ObjectStep> {
    let name = wanted["metadata"]["name"].as_str().unwrap_or_default();
    let Some(found) = world.get(resource, service.namespace(), name) else {
        return Some(ObjectStep::create(resource, wanted.clone()));
    };
    if !is_controlled_by(&found, service) || found.is_being_deleted() {
        return None;
    }
    let mut object = Object::clone(&found);
    let metadata = object.metadata_mut();
    for field in ["labels", "annotations"] {
        // What others have written there stays.
        let kept = metadata.entry(field).or_insert_with(|| json!({}));
        if let (Some(kept), Some(wanted)) =
            (kept.as_object_mut(), wanted["metadata"][field].as_object())
        {
            kept.extend(wanted.clone());
        }
    }
    let spec = object.get_mut("spec").and_then(Value::as_object_mut)?;
    for (field, value) in wanted["spec"].as_object().into_iter().flatten() {
        spec.insert(field.clone(), value.clone());
    }
    Some(ObjectStep::update(resource, object))
}

/// An object of a service: what it is, and its name.
type Made = (&'static Resource, String);

/// What the parts of a service are made of.
fn kept(service: &Object, parts: &[Part]) -> Vec<Made> {
    let mut kept = Vec::new();
    for part in parts {
        kept.extend(made_of(service, part.component));
        if matches!(&part.rollout, Rollout::Held { candidate: Some(_) }) {
            kept.push((kind::deployments(), canary::canary_name(service)));
        }
    }
    kept
}

fn made_of(service: &Object, component: Component) -> [Made; 2] {
    let name = part_name(service, component);
    [kind::deployments(), kind::services()].map(|resource| (resource, name.clone()))
}

/// Deletes what is left of parts that are not wanted any more.
fn superfluous(service: &Object, kept: &[Made], world: &dyn World) -> Vec<ObjectStep> {
    let parts = Component::ALL.into_iter();
    let is_kept = |(resource, name): &Made| {
        let mut kept = kept.iter();
        kept.any(|(kept, kept_name)| std::ptr::eq(*kept, *resource) && kept_name == name)
    };
    parts
        .flat_map(|component| made_of(service, component))
        .chain([(kind::deployments(), canary::canary_name(service))])
        .filter(|made| !is_kept(made))
        .filter_map(|(resource, name)| {
            let found = world.get(resource, service.namespace(), &name);
            let found = found
                .filter(|found| is_controlled_by(found, service) && !found.is_being_deleted())?;
            Some(ObjectStep::delete(resource, &found))
        })
        .collect()
}

/// The maps one over the other: the last has the last word.
fn union<const N: usize>(maps: [Map<String, Value>; N]) -> Map<String, Value> {
    maps.into_iter().flatten().collect()
}

/// A map of an object's metadata.
fn metadata(object: &Object, field: &str) -> Map<String, Value> {
    map_at(object, &["metadata", field])
}
