//! The status of a pod as a kubelet writes it, complete.

use coracle_model::{ImageDigest, Timestamp};
use coracle_objects::meta;
use coracle_spec::kind::pod::Container;
use serde_json::{Value, json};

use super::condition::Condition;
use super::container::{ContainerState, Ended, KILLED, Next, Role, STATUS_UNKNOWN, Try, Waiting};
use super::ending::{Ending, Why};
use super::plan::{Phase, PodPlan, container};
use super::standing::{Room, Sandbox};

/// Said of a container of which nothing is known at its pod's end.
const NOT_LOCATED: &str = "The container could not be located when the pod was terminated";

impl PodPlan {
    /// The pod's status as it is now.
    pub fn status(&mut self, now: Timestamp) -> Value {
        self.phase = self.phase.max(self.current_phase());
        let conditions = self.current_conditions();
        let generation = self.pod.generation;
        let mut status = json!({
            "phase": self.phase.as_str(),
            "conditions": self.conditions.write(conditions, generation, now),
        });
        if generation > 0 {
            status["observedGeneration"] = generation.into();
        }
        if !self.pod.qos_class.is_empty() {
            status["qosClass"] = self.pod.qos_class.as_str().into();
        }
        let Some(started_at) = self.started_at else {
            return status;
        };
        let host_ip = self.setting.host_ip.to_string();
        status["startTime"] = meta::time(started_at).into();
        status["hostIPs"] = json!([{ "ip": host_ip }]);
        status["hostIP"] = host_ip.into();
        if let Some(ip) = self.pod_ip.map(|ip| ip.to_string()) {
            status["podIPs"] = json!([{ "ip": ip }]);
            status["podIP"] = ip.into();
        }
        if self.is_overdue_end() {
            status["reason"] = "DeadlineExceeded".into();
            status["message"] =
                "Pod was active on the node longer than the specified deadline".into();
        }
        let (inits, mains): (Vec<_>, Vec<_>) = (0..self.containers.len())
            .map(|index| (self.containers[index].role, self.container_status(index)))
            .partition(|(role, _)| *role != Role::Main);
        let list = |statuses: Vec<(Role, Value)>| -> Value {
            statuses.into_iter().map(|(_, status)| status).collect()
        };
        if !inits.is_empty() {
            status["initContainerStatuses"] = list(inits);
        }
        status["containerStatuses"] = list(mains);
        status
    }

    /// The pod's phase, as of the last status.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    fn current_phase(&self) -> Phase {
        let mains = || {
            self.containers
                .iter()
                .filter(|state| state.role == Role::Main)
        };
        if let Some(ending) = self.ending.as_ref().filter(|ending| ending.is_final()) {
            return match ending.why {
                _ if self.started_at.is_none() => Phase::Pending,
                Why::DeadlineExceeded => Phase::Failed,
                Why::Over | Why::Deleted if mains().all(ContainerState::has_succeeded) => {
                    Phase::Succeeded
                }
                Why::Over | Why::Deleted => Phase::Failed,
            };
        }
        let all_begun = mains().all(ContainerState::has_begun);
        if self.has_run() && all_begun {
            Phase::Running
        } else {
            Phase::Pending
        }
    }

    fn is_overdue_end(&self) -> bool {
        let ending = self.ending.as_ref().filter(|ending| ending.is_final());
        ending.is_some_and(|ending| ending.why == Why::DeadlineExceeded)
    }

    fn current_conditions(&self) -> Vec<Condition> {
        let scheduled = match &self.room {
            _ if self.started_at.is_some() => Condition::holds("PodScheduled"),
            Room::NotAsked(Some(why)) | Room::Asked(Some(why)) => {
                Condition::fails("PodScheduled", why.reason, why.message.clone())
            }
            Room::NotAsked(None) | Room::Asked(None) | Room::Released | Room::Held(_) => {
                return Vec::new();
            }
        };
        if self.started_at.is_none() {
            return vec![scheduled];
        }
        let can_start = "PodReadyToStartContainers";
        let can_start = match self.sandbox {
            Sandbox::Open => Condition::holds(can_start),
            Sandbox::None { .. } | Sandbox::Opening | Sandbox::Lost | Sandbox::Closing => {
                Condition::fails(can_start, "", String::new())
            }
        };
        let containers_ready = self.containers_ready("ContainersReady");
        vec![
            can_start,
            self.is_initialized(),
            self.is_ready(),
            containers_ready,
            scheduled,
        ]
    }

    fn is_initialized(&self) -> Condition {
        let kind = "Initialized";
        if self.phase == Phase::Succeeded {
            return Condition {
                reason: "PodCompleted",
                ..Condition::holds(kind)
            };
        }
        let inits = self.containers.iter().filter(|state| match state.role {
            Role::Init => !state.has_succeeded(),
            Role::Sidecar => !state.is_started(),
            Role::Main => false,
        });
        let names: Vec<_> = inits.map(|state| state.name.as_str()).collect();
        if names.is_empty() || self.has_run() {
            return Condition::holds(kind);
        }
        let message = format!("containers with incomplete status: [{}]", names.join(" "));
        Condition::fails(kind, "ContainersNotInitialized", message)
    }

    fn containers_ready(&self, kind: &'static str) -> Condition {
        let over = match self.phase {
            Phase::Succeeded => Some("PodCompleted"),
            Phase::Failed => Some("PodFailed"),
            Phase::Pending | Phase::Running => None,
        };
        if let Some(reason) = over {
            return Condition::fails(kind, reason, String::new());
        }
        let unready = self.containers.iter();
        let unready = unready.filter(|state| state.role != Role::Init && !state.is_ready());
        let names: Vec<_> = unready.map(|state| state.name.as_str()).collect();
        if names.is_empty() {
            return Condition::holds(kind);
        }
        let message = format!("containers with unready status: [{}]", names.join(" "));
        Condition::fails(kind, "ContainersNotReady", message)
    }

    fn is_ready(&self) -> Condition {
        let kind = "Ready";
        let containers = self.containers_ready(kind);
        if !containers.is_true {
            return containers;
        }
        let gates = self.pod.spec.readiness_gates.iter();
        let closed = gates.filter_map(|gate| {
            let gate = &gate.condition_type;
            match self.conditions.other(gate) {
                None => Some(format!(
                    "corresponding condition of pod readiness gate {gate:?} does not exist."
                )),
                Some("True") => None,
                Some(status) => Some(format!(
                    "the status of pod readiness gate {gate:?} is not \"True\", but {status}"
                )),
            }
        });
        let closed: Vec<_> = closed.collect();
        if closed.is_empty() {
            return Condition::holds(kind);
        }
        Condition::fails(kind, "ReadinessGatesNotReady", closed.join(", "))
    }

    fn container_status(&self, index: usize) -> Value {
        let state = &self.containers[index];
        let described = container(&self.pod, index);
        let (image, digest, id) = match &state.current {
            Some(Try::Running(running)) => (
                running.image.as_str(),
                Some(&running.digest),
                running.id.as_str(),
            ),
            Some(Try::Ended(ended)) => (
                ended.image.as_str(),
                ended.digest.as_ref(),
                ended.id.as_str(),
            ),
            None => (described.image.as_str(), None, ""),
        };
        let (now, last) = self.shown_states(index);
        let mut status = json!({
            "name": state.name.as_str(),
            "image": image,
            "imageID": digest.map(ImageDigest::as_str).unwrap_or_default(),
            "ready": match state.role {
                Role::Init => state.has_succeeded(),
                Role::Sidecar | Role::Main => state.is_ready(),
            },
            "started": match state.role {
                Role::Init => state.running().is_some(),
                Role::Sidecar | Role::Main => state.is_started(),
            },
            "restartCount": state.attempt.unwrap_or_default().0,
            "state": now,
            "lastState": last.map_or_else(|| json!({}), terminated),
        });
        if !id.is_empty() {
            status["containerID"] = id.into();
        }
        let mounts = mounts(described);
        if !mounts.is_empty() {
            status["volumeMounts"] = mounts.into();
        }
        status
    }

    /// The state that is shown of a container, and the one before it.
    fn shown_states(&self, index: usize) -> (Value, Option<&Ended>) {
        let state = &self.containers[index];
        let last = state.last.as_ref();
        match (&state.next, &state.current) {
            (_, Some(Try::Running(running))) if running.hook_pending => {
                (self.waits_to_begin(), last)
            }
            (_, Some(Try::Running(running))) => (
                json!({ "running": { "startedAt": meta::time(running.started_at) } }),
                last,
            ),
            (Next::Waiting(waiting) | Next::Blocked(_, waiting), current) => {
                let ended = match current {
                    Some(Try::Ended(ended)) => Some(ended),
                    Some(Try::Running(_)) | None => None,
                };
                (waits(waiting), ended.or(last))
            }
            (_, Some(Try::Ended(ended))) => (terminated(ended), last),
            (_, None) if self.is_unlocated(state) => (
                json!({ "terminated": {
                    "exitCode": KILLED,
                    "reason": STATUS_UNKNOWN,
                    "message": NOT_LOCATED,
                    "startedAt": null,
                    "finishedAt": null,
                } }),
                last,
            ),
            (_, None) => (self.waits_to_begin(), last),
        }
    }

    /// Whether the pod has ended without this container, which it would have had.
    fn is_unlocated(&self, state: &ContainerState) -> bool {
        self.ending.as_ref().is_some_and(Ending::is_final)
            && self.initialized
            && state.role == Role::Main
    }

    fn waits_to_begin(&self) -> Value {
        let reason = if self.pod.spec.init_containers.is_empty() {
            "ContainerCreating"
        } else {
            "PodInitializing"
        };
        json!({ "waiting": { "reason": reason } })
    }

    /// Whether nothing is to be done for the pod any more unless it is deleted.
    pub fn is_over(&self) -> bool {
        self.ending.as_ref().is_some_and(Ending::is_final)
    }
}

fn waits(waiting: &Waiting) -> Value {
    let mut shown = json!({ "reason": waiting.reason });
    if !waiting.message.is_empty() {
        shown["message"] = waiting.message.as_str().into();
    }
    json!({ "waiting": shown })
}

fn terminated(ended: &Ended) -> Value {
    let mut shown = json!({
        "exitCode": ended.code,
        "reason": ended.reason,
        "startedAt": ended.started_at.map(meta::time),
        "finishedAt": ended.finished_at.map(meta::time),
    });
    for (field, text) in [("message", &ended.message), ("containerID", &ended.id)] {
        if !text.is_empty() {
            shown[field] = text.as_str().into();
        }
    }
    json!({ "terminated": shown })
}

fn mounts(container: &Container) -> Vec<Value> {
    let mounts = container.volume_mounts.iter().map(|mount| {
        let mut shown = json!({ "name": mount.name.as_str(), "mountPath": mount.mount_path });
        if mount.read_only {
            shown["readOnly"] = true.into();
            shown["recursiveReadOnly"] = "Disabled".into();
        }
        shown
    });
    mounts.collect()
}
