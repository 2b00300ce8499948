//! How a plan is made again after the workbench ended, from what was written last and what the engine still holds.

use std::net::IpAddr;

use coracle_model::{GpuUuid, ImageDigest, Timestamp};
use coracle_spec::kind::pod::Pod;
use serde_json::Value;

use super::backoff::Backoff;
use super::container::{ContainerState, Ended, Running, Try};
use super::ending::{Ending, Why};
use super::launch;
use super::objects::PodSetting;
use super::plan::{Phase, PodPlan, container};
use super::probe::Prober;
use super::room;
use super::standing::{Room, Sandbox};
use super::step::{ContainerAttempt, ContainerTry, PodStep, ProbeKind};

/// What the engine holds of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodHeld {
    /// Its network place, which the pod's `sandboxes`th one is.
    pub sandbox: Option<HeldSandbox>,
    /// Its containers, by their labels.
    pub containers: Vec<HeldContainer>,
}

/// A network place that the engine holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldSandbox {
    /// Which of the pod's it is: the number at the end of its name.
    pub number: u32,
    /// Its address.
    pub address: IpAddr,
}

/// A container that the engine holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldContainer {
    /// Which, at which try.
    pub which: ContainerTry,
    /// The engine's id for it.
    pub id: String,
    /// Whether it was ever started: one that was only made is started again at the same try.
    pub has_begun: bool,
    /// When it began, where the engine tells.
    pub started_at: Option<Timestamp>,
    /// The GPUs that it holds.
    pub gpus: Vec<GpuUuid>,
}

impl PodPlan {
    /// The plan of a pod that an earlier life of the workbench may have begun. What runs is followed and not started
    /// again; what ended meanwhile is asked how.
    pub fn resume(
        pod: Pod,
        status: &Value,
        held: &PodHeld,
        setting: PodSetting,
        now: Timestamp,
    ) -> Self {
        let mut plan = Self::new(pod, setting);
        plan.started_at = time(status.get("startTime"));
        plan.phase = match status.get("phase").and_then(Value::as_str) {
            Some("Running") => Phase::Running,
            Some("Succeeded") => Phase::Succeeded,
            Some("Failed") => Phase::Failed,
            Some(_) | None => Phase::Pending,
        };
        let ip = status.get("podIP").and_then(Value::as_str);
        plan.pod_ip = ip.and_then(|ip| ip.parse().ok());
        for index in 0..plan.containers.len() {
            plan.restore(index, status, now);
        }
        if plan.phase >= Phase::Succeeded {
            let overdue = status.get("reason").and_then(Value::as_str) == Some("DeadlineExceeded");
            let why = if overdue {
                Why::DeadlineExceeded
            } else {
                Why::Over
            };
            plan.initialized = true;
            plan.room = Room::Released;
            plan.ending = Some(Ending::ended_before(why, now));
            return plan;
        }
        if let Some(sandbox) = held.sandbox {
            plan.sandbox = Sandbox::Open;
            plan.sandboxes = sandbox.number;
            plan.pod_ip = Some(plan.address_at(sandbox.address));
        }
        plan.adopt(held, now);
        plan.initialized = plan.has_run();
        let under_way = plan.containers.iter().any(ContainerState::is_under_way);
        if under_way {
            plan.started_at.get_or_insert(now);
            let gpus = leased(held);
            // What is held is counted before anything else is let in.
            let hold = PodStep::Reserve {
                resources: room::needed(&plan.pod),
                held: Some(gpus.clone()),
            };
            plan.steps.insert(0, hold);
            plan.room = Room::Held(gpus);
            if held.sandbox.is_none() {
                plan.sandbox = Sandbox::Lost;
            }
        }
        plan
    }

    /// What was written about a container.
    fn restore(&mut self, index: usize, status: &Value, now: Timestamp) {
        let lists = ["containerStatuses", "initContainerStatuses"];
        let mut statuses = lists
            .iter()
            .filter_map(|list| status.get(list)?.as_array())
            .flatten();
        let name = self.containers[index].name.clone();
        let Some(written) = statuses
            .find(|status| status.get("name").and_then(Value::as_str) == Some(name.as_str()))
        else {
            return;
        };
        let image = container(&self.pod, index).image.clone();
        let restarts = written
            .get("restartCount")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let attempt = ContainerAttempt(u32::try_from(restarts).unwrap_or(u32::MAX));
        let ended = |which: &str| ended(written, written.get(which)?.get("terminated")?);
        let running = written.get("state").and_then(|state| state.get("running"));
        let is_set = |field: &str| written.get(field).and_then(Value::as_bool) == Some(true);
        let (is_ready, is_started) = (is_set("ready"), is_set("started"));
        let state = &mut self.containers[index];
        let now_ended = ended("state");
        state.last = ended("lastState");
        if let Some(running) = running {
            let started_at = time(running.get("startedAt")).unwrap_or(now);
            let mut probers = Prober::of(container(&self.pod, index), started_at);
            for prober in &mut probers {
                let was_good = match prober.kind {
                    ProbeKind::Startup => is_started,
                    ProbeKind::Readiness => is_ready,
                    ProbeKind::Liveness => true,
                };
                if was_good {
                    prober.presume_good();
                }
            }
            state.attempt = Some(attempt);
            state.current = Some(Try::Running(Box::new(Running {
                id: text(written, "containerID"),
                started_at,
                image: Some(text(written, "image"))
                    .filter(|image| !image.is_empty())
                    .unwrap_or(image),
                digest: ImageDigest::from(text(written, "imageID")),
                hook_pending: false,
                stopping: None,
                probers,
            })));
        } else if let Some(ended) = now_ended {
            state.attempt = Some(attempt);
            state.current = Some(Try::Ended(ended));
        } else if let Some(last) = state.last.take() {
            // It waited to be started again.
            state.attempt = Some(attempt);
            state.current = Some(Try::Ended(last));
        }
        let failed = state.ended().or(state.last.as_ref());
        if let Some(failed_at) = failed.and_then(|ended| ended.finished_at) {
            state.crashes = Backoff::after_failures(attempt.0, failed_at);
        }
    }

    /// Follows what the engine holds, and lets go what it does not.
    fn adopt(&mut self, held: &PodHeld, now: Timestamp) {
        for index in 0..self.containers.len() {
            let name = &self.containers[index].name;
            let begun = held.containers.iter().filter(|held| held.has_begun);
            let newest = begun
                .filter(|held| held.which.container == *name)
                .max_by_key(|held| held.which.attempt);
            let state = &self.containers[index];
            let known = state.attempt;
            match newest {
                Some(held) if known.is_none_or(|known| known < held.which.attempt) => {
                    // Its start was not written any more.
                    self.take_over(index, held, now);
                }
                Some(held) if known == Some(held.which.attempt) && state.running().is_some() => {
                    self.follow(index, held.which.attempt);
                }
                Some(_) | None => {
                    let vanished = state.running().map(|running| running.to_vanished(now));
                    vanished
                        .into_iter()
                        .for_each(|ended| self.containers[index].end(ended));
                }
            }
        }
    }

    fn take_over(&mut self, index: usize, held: &HeldContainer, now: Timestamp) {
        let described = container(&self.pod, index);
        let started_at = held.started_at.unwrap_or(now);
        let running = Running {
            id: held.id.clone(),
            started_at,
            image: described.image.clone(),
            digest: ImageDigest::from(""),
            hook_pending: false,
            stopping: None,
            probers: Prober::of(described, started_at),
        };
        let state = &mut self.containers[index];
        if let Some(Try::Ended(ended)) = state.current.take() {
            state.last = Some(ended);
        }
        state.attempt = Some(held.which.attempt);
        state.current = Some(Try::Running(Box::new(running)));
        self.follow(index, held.which.attempt);
    }

    fn follow(&mut self, index: usize, attempt: ContainerAttempt) {
        let follow = launch::follow(self.facts(), self.container(index), attempt);
        self.steps.push(PodStep::Attend(Box::new(follow)));
    }
}

/// The GPUs of all containers; those that go on and init containers may hold the same ones.
fn leased(held: &PodHeld) -> Vec<GpuUuid> {
    let mut gpus: Vec<_> = held
        .containers
        .iter()
        .flat_map(|held| held.gpus.clone())
        .collect();
    gpus.sort();
    gpus.dedup();
    gpus
}

fn ended(status: &Value, terminated: &Value) -> Option<Ended> {
    Some(Ended {
        id: text(terminated, "containerID"),
        image: text(status, "image"),
        digest: Some(ImageDigest::from(text(status, "imageID"))),
        reason: text(terminated, "reason"),
        code: terminated.get("exitCode")?.as_i64()?,
        started_at: time(terminated.get("startedAt")),
        finished_at: time(terminated.get("finishedAt")),
        message: text(terminated, "message"),
    })
}

fn text(value: &Value, field: &str) -> String {
    value
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn time(value: Option<&Value>) -> Option<Timestamp> {
    value?.as_str()?.parse().ok()
}
