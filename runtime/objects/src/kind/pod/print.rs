//! A pod's row in a table: one word for how far it is, made from its phase, conditions and containers.

use coracle_model::Timestamp;
use serde_json::Value;

use super::super::{age, column};
use crate::object::{Object, ObjectExt};
use crate::strategy::Cell;

/// The cells of a pod's row.
pub(super) fn cells(pod: &Object, now: Timestamp) -> Vec<Cell> {
    let progress = Progress::of(pod);
    let addresses = pod.list_at(&["status", "podIPs"]);
    let address = addresses.first().map(|address| text(address, &["ip"]));
    let address = address.unwrap_or_else(|| pod.text_at(&["status", "podIP"]));
    vec![
        pod.name().into(),
        format!("{}/{}", progress.ready, progress.containers).into(),
        word(pod, progress.reason).into(),
        progress.restarts.told(now).into(),
        age::age(pod, now).into(),
        column::or_none(address).into(),
        column::or_none(pod.text_at(&["spec", "nodeName"])).into(),
        column::or_none(pod.text_at(&["status", "nominatedNodeName"])).into(),
        readiness_gates(pod).into(),
    ]
}

/// What the containers tell together.
struct Progress {
    ready: usize,
    containers: usize,
    reason: String,
    restarts: Restarts,
}

/// How often containers were started again, and when one ended last.
#[derive(Clone, Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

/// What the init containers tell.
struct Initialisation {
    /// Why the pod is not past them.
    unfinished: Option<String>,
    /// The sidecars that are ready.
    ready: usize,
    /// The restarts of all of them.
    restarts: Restarts,
    /// The restarts of the sidecars.
    sidecar_restarts: Restarts,
}

impl Progress {
    fn of(pod: &Object) -> Self {
        let sidecars = pod.list_at(&["spec", "initContainers"]);
        let sidecars = sidecars.iter().filter(|container| is_sidecar(container));
        let containers = pod.list_at(&["spec", "containers"]).len() + sidecars.count();
        let initialisation = Initialisation::of(pod);
        let mut progress = Self {
            ready: initialisation.ready,
            containers,
            reason: reason_of_pod(pod).to_owned(),
            restarts: initialisation.restarts,
        };
        let is_past = initialisation.unfinished.is_none();
        progress.reason = initialisation.unfinished.unwrap_or(progress.reason);
        if is_past || condition_holds(pod, "Initialized") {
            progress.restarts = initialisation.sidecar_restarts;
            progress.hear_containers(pod);
        }
        progress
    }

    /// The first container that has something to say has the word.
    fn hear_containers(&mut self, pod: &Object) {
        let mut runs = false;
        for status in pod.list_at(&["status", "containerStatuses"]).iter().rev() {
            self.restarts.add(status);
            let waits = text(status, &["state", "waiting", "reason"]);
            if !waits.is_empty() {
                waits.clone_into(&mut self.reason);
            } else if let Some(ended) = state(status, "terminated") {
                self.reason = reason_of_end(ended);
            } else if is(status, "ready") && state(status, "running").is_some() {
                runs = true;
                self.ready += 1;
            }
        }
        if runs && self.reason == "Completed" {
            let is_ready = condition_holds(pod, "Ready");
            self.reason = if is_ready { "Running" } else { "NotReady" }.to_owned();
        }
    }
}

impl Initialisation {
    fn of(pod: &Object) -> Self {
        let containers = pod.list_at(&["spec", "initContainers"]);
        let mut told = Self {
            unfinished: None,
            ready: 0,
            restarts: Restarts::default(),
            sidecar_restarts: Restarts::default(),
        };
        let statuses = pod.list_at(&["status", "initContainerStatuses"]);
        for (index, status) in statuses.iter().enumerate() {
            let is_sidecar = containers.iter().any(|container| {
                container.get("name") == status.get("name") && is_sidecar(container)
            });
            told.restarts.add(status);
            if is_sidecar {
                told.sidecar_restarts.add(status);
            }
            let ended = state(status, "terminated");
            if ended.is_some_and(|ended| number(ended, "exitCode") == 0) {
                continue;
            }
            if is_sidecar && is(status, "started") {
                told.ready += usize::from(is(status, "ready"));
                continue;
            }
            let waits = text(status, &["state", "waiting", "reason"]);
            told.unfinished = Some(match ended {
                Some(ended) => format!("Init:{}", reason_of_end(ended)),
                None if !waits.is_empty() && waits != "PodInitializing" => format!("Init:{waits}"),
                None => format!("Init:{index}/{}", containers.len()),
            });
            break;
        }
        told
    }
}

impl Restarts {
    fn add(&mut self, status: &Value) {
        self.count += number(status, "restartCount");
        let ended = text(status, &["lastState", "terminated", "finishedAt"]);
        self.last = self.last.max(ended.parse().ok());
    }

    fn told(&self, now: Timestamp) -> String {
        match self.last {
            Some(last) if self.count != 0 => {
                format!("{} ({} ago)", self.count, age::since(Some(last), now))
            }
            _ => self.count.to_string(),
        }
    }
}

/// What the pod says of itself, before its containers are heard.
fn reason_of_pod(pod: &Object) -> &str {
    let gated = pod
        .list_at(&["status", "conditions"])
        .iter()
        .any(|condition| {
            text(condition, &["type"]) == "PodScheduled"
                && text(condition, &["reason"]) == "SchedulingGated"
        });
    match pod.text_at(&["status", "reason"]) {
        _ if gated => "SchedulingGated",
        "" => pod.text_at(&["status", "phase"]),
        reason => reason,
    }
}

/// A pod that is being deleted has another word.
fn word(pod: &Object, reason: String) -> String {
    let has_ended = matches!(pod.text_at(&["status", "phase"]), "Succeeded" | "Failed");
    match pod.is_being_deleted() {
        true if pod.text_at(&["status", "reason"]) == "NodeLost" => "Unknown".to_owned(),
        true if !has_ended => "Terminating".to_owned(),
        _ => reason,
    }
}

fn reason_of_end(ended: &Value) -> String {
    match (text(ended, &["reason"]), number(ended, "signal")) {
        ("", 0) => format!("ExitCode:{}", number(ended, "exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

fn readiness_gates(pod: &Object) -> String {
    let gates = pod.list_at(&["spec", "readinessGates"]);
    let hold = gates
        .iter()
        .filter(|gate| condition_holds(pod, text(gate, &["conditionType"])));
    match gates.len() {
        0 => column::or_none(""),
        all => format!("{}/{all}", hold.count()),
    }
}

fn condition_holds(pod: &Object, kind: &str) -> bool {
    let conditions = pod.list_at(&["status", "conditions"]);
    let condition = conditions
        .iter()
        .find(|condition| text(condition, &["type"]) == kind);
    condition.is_some_and(|condition| text(condition, &["status"]) == "True")
}

fn is_sidecar(container: &Value) -> bool {
    text(container, &["restartPolicy"]) == "Always"
}

fn state<'value>(status: &'value Value, name: &str) -> Option<&'value Value> {
    status
        .get("state")?
        .get(name)
        .filter(|state| state.is_object())
}

fn is(status: &Value, field: &str) -> bool {
    status.get(field).and_then(Value::as_bool).unwrap_or(false)
}

fn number(value: &Value, field: &str) -> i64 {
    value.get(field).and_then(Value::as_i64).unwrap_or(0)
}

fn text<'value>(value: &'value Value, path: &[&str]) -> &'value str {
    let at = path.iter().try_fold(value, |value, step| value.get(step));
    at.and_then(Value::as_str).unwrap_or_default()
}
