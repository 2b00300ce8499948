//! A pod of a part, and what keeps it from answering.

use coracle_objects::{Object, ObjectExt as _};
use serde_json::Value;

use crate::view::{ServerContainer, ServerPod};

/// What a container that waits says in the ordinary way of a start.
const ORDINARY: [&str; 3] = ["", "PodInitializing", "ContainerCreating"];

pub(super) fn of(pod: &Object) -> ServerPod {
    let containers: Vec<ServerContainer> = [
        ("initContainers", "initContainerStatuses"),
        ("containers", "containerStatuses"),
    ]
    .into_iter()
    .flat_map(|(list, statuses)| {
        let statuses = pod.list_at(&["status", statuses]);
        pod.list_at(&["spec", list])
            .iter()
            .map(move |container| container_of(container, statuses))
    })
    .collect();
    let unplaced = pod
        .condition("PodScheduled")
        .filter(|told| told["status"] == "False");
    let trouble = containers.iter().find_map(|one| one.trouble.clone());
    ServerPod {
        name: pod.name().to_owned(),
        uid: pod.uid().to_owned(),
        revision: pod.controller().map(|owner| owner.name),
        is_ready: pod.has_condition("Ready"),
        is_ending: pod.is_being_deleted(),
        reason: unplaced.and_then(|told| said(told, "message")).or(trouble),
        created_at: pod.created_at(),
        containers,
    }
}

fn container_of(container: &Value, statuses: &[Value]) -> ServerContainer {
    let status = statuses
        .iter()
        .find(|status| status["name"] == container["name"])
        .unwrap_or(&Value::Null);
    let state = &status["state"];
    ServerContainer {
        name: container["name"].as_str().unwrap_or_default().to_owned(),
        has_begun: state["running"].is_object() || state["terminated"].is_object(),
        restarts: status["restartCount"].as_u64().unwrap_or(0),
        trouble: trouble(state, &status["lastState"]["terminated"]),
    }
}

/// What went wrong with a container, by its state and how the try before ended.
fn trouble(state: &Value, before: &Value) -> Option<String> {
    let waiting = state.get("waiting");
    let reason = waiting.and_then(|waiting| waiting["reason"].as_str());
    let ended = match reason {
        Some("CrashLoopBackOff") => Some(before),
        _ => state.get("terminated"),
    };
    if let Some(ended) = ended.filter(|ended| ended["exitCode"] != 0) {
        return Some(ending(ended));
    }
    let reason = reason.filter(|reason| !ORDINARY.contains(reason))?;
    let message = waiting.and_then(|waiting| said(waiting, "message"));
    Some(match message {
        Some(message) => format!("{reason}: {message}"),
        None => reason.to_owned(),
    })
}

/// `OOMKilled`, or `it ended with 1: the model has no weights`: of a message that is the end of a log the last line.
fn ending(ended: &Value) -> String {
    let code = ended["exitCode"].as_i64().unwrap_or(-1);
    let how = match said(ended, "reason") {
        Some(reason) if reason != "Error" => reason,
        _ => format!("it ended with {code}"),
    };
    let message = said(ended, "message").unwrap_or_default();
    match message.lines().rfind(|line| !line.trim().is_empty()) {
        Some(line) => format!("{how}: {}", line.trim()),
        None => how,
    }
}

fn said(value: &Value, field: &str) -> Option<String> {
    let text = value[field].as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}
