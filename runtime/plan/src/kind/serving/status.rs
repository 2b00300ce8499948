//! The status of an inference service: whether its parts are there, where they answer, whether the model is loaded.

use std::sync::Arc;

use coracle_objects::kind::inference_service::{Component, SERVER};
use coracle_objects::{Object, ObjectExt as _, kind, meta};
use serde_json::{Map, Value, json};

use super::canary::{self, Rollout};
use super::runtime::Chosen;
use super::{NAME_LABEL, Part, Unfit, front, part_name};
use crate::kind::step::World;

/// The domain below which services answer.
const DOMAIN: &str = "example.com";

/// The deployment mode that is told.
pub(super) const MODE: &str = "Standard";

/// The host by which something that answers is asked from outside.
fn host(name: &str, namespace: &str) -> String {
    format!("{name}-{namespace}.{DOMAIN}")
}

/// A condition without its time.
pub(super) struct Condition {
    pub(super) kind: &'static str,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) message: String,
    /// `Info` for one that is no part of being ready.
    pub(super) severity: &'static str,
}

impl Condition {
    pub(super) fn plain(kind: &'static str, status: &str) -> Self {
        Self {
            kind,
            status: status.to_owned(),
            reason: String::new(),
            message: String::new(),
            severity: "",
        }
    }
}

pub(super) fn status(
    service: &Object,
    parts: &Result<Vec<Part>, Unfit>,
    chosen: Option<&Chosen>,
    is_stopped: bool,
    world: &dyn World,
) -> Value {
    let mut status = json!({ "deploymentMode": MODE });
    let parts = match parts {
        Ok(parts) => parts,
        Err(unfit) => {
            status["modelStatus"] = refused(unfit);
            return status;
        }
    };
    if let Some(chosen) = chosen {
        let field = if chosen.is_cluster_wide() {
            "clusterServingRuntimeName"
        } else {
            "servingRuntimeName"
        };
        status[field] = chosen.name().into();
    }
    if is_stopped {
        return stopped(service, status, world);
    }
    let namespace = service.namespace();
    let entry = [Component::Transformer, Component::Predictor];
    let entry = entry
        .into_iter()
        .find(|entry| parts.iter().any(|part| part.component == *entry));
    let entry = part_name(service, entry.unwrap_or(Component::Predictor));
    status["url"] = url(service).into();
    status["address"] = front::address(service, &entry);
    status["observedGeneration"] = service.generation().into();
    let conditions: Vec<Condition> = parts
        .iter()
        .map(|part| of_part(service, part, world))
        .collect();
    let mut components = json!({});
    for (part, condition) in parts.iter().zip(&conditions) {
        let mut told = canary::traffic(service, &part.rollout, world).unwrap_or_else(|| json!({}));
        if condition.status == "True" {
            let name = part_name(service, part.component);
            told["url"] = format!("http://{}", host(&name, namespace)).into();
        }
        components[part.component.as_str()] = told;
    }
    status["components"] = components;
    let is_ready = worst("Ready", &conditions).status == "True";
    status["modelStatus"] = model_status(service, is_ready, world);
    with_conditions(service, status, conditions, world)
}

/// Where a service or a graph is asked from outside.
pub(super) fn url(asked: &Object) -> String {
    format!("http://{}", host(asked.name(), asked.namespace()))
}

/// A status with the conditions of a service's parts and those that follow from them.
pub(super) fn with_conditions(
    service: &Object,
    mut status: Value,
    mut conditions: Vec<Condition>,
    world: &dyn World,
) -> Value {
    status["deploymentMode"] = MODE.into();
    conditions.push(worst("Ready", &conditions));
    conditions.push(Condition::plain("IngressReady", "True"));
    conditions.push(Condition {
        severity: "Info",
        ..Condition::plain("Stopped", "False")
    });
    conditions.sort_by_key(|condition| condition.kind);
    status["conditions"] = written(service, conditions, world);
    status
}

/// The status of a service that is stopped, beside what is told of its runtime.
pub(super) fn stopped(service: &Object, mut status: Value, world: &dyn World) -> Value {
    status["deploymentMode"] = MODE.into();
    status["modelStatus"] = json!({ "transitionStatus": "" });
    let stopped = |kind| Condition {
        reason: "Stopped".to_owned(),
        ..Condition::plain(kind, "False")
    };
    let all = [
        stopped("PredictorReady"),
        stopped("Ready"),
        Condition {
            severity: "Info",
            ..Condition::plain("Stopped", "True")
        },
    ];
    status["conditions"] = written(service, all.into(), world);
    status
}

fn refused(unfit: &Unfit) -> Value {
    json!({
        "transitionStatus": "InvalidSpec",
        "states": { "activeModelState": "", "targetModelState": "FailedToLoad" },
        "lastFailureInfo": { "reason": unfit.reason, "message": unfit.message },
    })
}

/// Whether a part is ready: its deployment, and what may come after it.
fn of_part(service: &Object, part: &Part, world: &dyn World) -> Condition {
    let kind = match part.component {
        Component::Predictor => "PredictorReady",
        Component::Transformer => "TransformerReady",
        Component::Explainer => "ExplainerReady",
    };
    let mut deployments = vec![part_name(service, part.component)];
    if let Rollout::Held { candidate: Some(_) } = &part.rollout {
        deployments.push(canary::canary_name(service));
    }
    let conditions = deployments
        .into_iter()
        .map(|name| of_deployment(kind, service.namespace(), &name, world));
    worst(kind, &conditions.collect::<Vec<_>>())
}

fn of_deployment(kind: &'static str, namespace: &str, name: &str, world: &dyn World) -> Condition {
    let Some(deployment) = world.get(kind::deployments(), namespace, name) else {
        return Condition::plain(kind, "Unknown");
    };
    let available = deployment.condition("Available");
    let progressing = deployment.condition("Progressing");
    let says = |condition: Option<&Value>, status: &str| {
        condition.is_some_and(|told| told["status"] == status)
    };
    let is_rolled_out = progressing.is_some_and(|told| told["reason"] == "NewReplicaSetAvailable");
    // That too few pods answer weighs more than anything else.
    let (status, told) = if says(available, "False") {
        ("False", available)
    } else if says(progressing, "False") {
        ("False", progressing)
    } else if is_rolled_out {
        ("True", progressing)
    } else if progressing.is_some() {
        ("Unknown", progressing)
    } else {
        ("Unknown", None)
    };
    let text = |field: &str| {
        let told = told.and_then(|told| told.get(field)?.as_str());
        told.unwrap_or_default().to_owned()
    };
    Condition {
        kind,
        status: status.to_owned(),
        reason: if status == "True" {
            String::new()
        } else {
            text("reason")
        },
        message: if status == "True" {
            String::new()
        } else {
            text("message")
        },
        severity: "",
    }
}

/// All of it is ready when each part is; otherwise the first that is not says why.
fn worst(kind: &'static str, parts: &[Condition]) -> Condition {
    let first = |status: &str| parts.iter().find(|condition| condition.status == status);
    match first("False").or_else(|| first("Unknown")) {
        None => Condition::plain(kind, "True"),
        Some(missing) => Condition {
            kind,
            status: missing.status.clone(),
            reason: missing.reason.clone(),
            message: missing.message.clone(),
            severity: "",
        },
    }
}

/// Whether the model is loaded, and what its server said last where it cannot be.
fn model_status(service: &Object, is_ready: bool, world: &dyn World) -> Value {
    let pods = world.list(kind::pods(), Some(service.namespace()));
    let mut pods: Vec<_> = pods
        .into_iter()
        .filter(|pod| {
            pod.label(NAME_LABEL) == Some(service.name())
                && pod.label("component") == Some(Component::Predictor.as_str())
                && !pod.is_being_deleted()
        })
        .collect();
    pods.sort_by_key(|pod| std::cmp::Reverse((pod.created_at(), pod.name().to_owned())));
    let ready = pods
        .iter()
        .filter(|pod| crate::kind::pod_status::is_ready(pod))
        .count();
    let mut copies = json!({ "failedCopies": 0 });
    if ready > 0 {
        copies["totalCopies"] = ready.into();
    }
    let failure = pods.first().and_then(failure);
    let is_loading = pods.first().is_some_and(|pod| {
        container_state(pod, "initContainerStatuses", "storage-initializer", "state")
            .is_some_and(|state| state.contains_key("running"))
    });
    let (active, target, transition) = match (&failure, is_ready, is_loading) {
        (Some(_), true, _) => ("Loaded", "FailedToLoad", "BlockedByFailedLoad"),
        (Some(_), false, _) => ("", "FailedToLoad", "BlockedByFailedLoad"),
        (None, true, _) => ("Loaded", "Loaded", "UpToDate"),
        (None, false, true) => ("", "Loading", "InProgress"),
        (None, false, false) => ("", "Pending", "InProgress"),
    };
    let mut status = json!({
        "copies": copies,
        "states": { "activeModelState": active, "targetModelState": target },
        "transitionStatus": transition,
    });
    if let Some(failure) = failure {
        status["lastFailureInfo"] = failure;
    }
    status
}

/// What went wrong in a pod: its model could not be fetched, or its server ended.
fn failure(pod: &Arc<Object>) -> Option<Value> {
    let places = [
        ("initContainerStatuses", "storage-initializer"),
        ("containerStatuses", SERVER),
    ];
    places.into_iter().find_map(|(list, container)| {
        let state = container_state(pod, list, container, "state")?;
        let ended = match (state.get("terminated"), state.get("waiting")) {
            (Some(ended), _) if ended["exitCode"] != 0 => ended.clone(),
            (_, Some(waiting)) if waiting["reason"] == "CrashLoopBackOff" => {
                container_state(pod, list, container, "lastState")?
                    .get("terminated")?
                    .clone()
            }
            _ => return None,
        };
        Some(json!({
            "reason": "ModelLoadFailed",
            "exitCode": ended.get("exitCode").cloned().unwrap_or_default(),
            "message": ended.get("message").cloned().unwrap_or_else(|| "".into()),
        }))
    })
}

fn container_state(
    pod: &Object,
    list: &str,
    container: &str,
    field: &str,
) -> Option<Map<String, Value>> {
    let statuses = pod.list_at(&["status", list]).iter();
    let found = statuses
        .into_iter()
        .find(|status| status["name"] == container)?;
    found.get(field)?.as_object().cloned()
}

/// Conditions with the time since which they are as they are.
pub(super) fn written(object: &Object, conditions: Vec<Condition>, world: &dyn World) -> Value {
    let now = meta::time(world.now());
    let before = object.list_at(&["status", "conditions"]);
    let written = conditions.into_iter().map(|condition| {
        let stands = before.iter().find(|stands| {
            stands["type"] == condition.kind && stands["status"] == condition.status
        });
        let since = stands.and_then(|stands| stands.get("lastTransitionTime").cloned());
        let mut written = json!({
            "type": condition.kind,
            "status": condition.status,
            "lastTransitionTime": since.unwrap_or_else(|| now.as_str().into()),
        });
        let texts = [
            ("reason", condition.reason.as_str()),
            ("message", &condition.message),
            ("severity", condition.severity),
        ];
        for (field, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            written[field] = text.into();
        }
        written
    });
    written.collect()
}
