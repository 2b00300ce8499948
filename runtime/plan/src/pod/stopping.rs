//! How a container is brought to its end: what is to be done before, the polite word, then force.

use std::time::Duration;

use coracle_model::Timestamp;
use coracle_spec::kind::pod::Hook;

use super::backoff::{after, elapsed};
use super::container::{Stopping, Told};
use super::event::EventType;
use super::observation::ProbeAnswer;
use super::plan::PodPlan;
use super::probe::{Verdict, with_port};
use super::step::{ContainerTry, HookKind, HookWork, PodStep, ProbeKind, ProbeWork};

/// Every container may take this long to end, whatever was asked.
const LEAST_GRACE: Duration = Duration::from_secs(2);

/// How long after its time a container that is still there is told again.
const TOLD_AGAIN: Duration = Duration::from_secs(30);

/// Why a container is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The pod goes, or its network does.
    PodGoes,
    /// Its image is another.
    Changed,
    /// It did not answer as it should.
    Probe(ProbeKind),
    /// What was to be done after its start failed.
    PostStart,
}

impl PodPlan {
    /// Begins to end a container that is at work. One that is to end already only gets less time, never more.
    pub(super) fn stop(&mut self, index: usize, reason: Reason, grace: Duration, now: Timestamp) {
        let deadline = after(now, grace.max(LEAST_GRACE));
        let Some(running) = self.containers[index].running_mut() else {
            return;
        };
        if let Some(stopping) = &mut running.stopping {
            if deadline < stopping.deadline {
                stopping.deadline = deadline;
                if stopping.told != Told::NotYet {
                    self.word(index, now);
                }
            }
            return;
        }
        running.stopping = Some(Stopping {
            deadline,
            told: Told::NotYet,
        });
        running.hook_pending = false;
        let name = &self.containers[index].name;
        let message = match reason {
            Reason::PodGoes => format!("Stopping container {name}"),
            Reason::Changed => format!("Container {name} definition changed, will be restarted"),
            Reason::Probe(kind) => {
                let probe = kind.as_str().to_lowercase();
                format!("Container {name} failed {probe} probe, will be restarted")
            }
            Reason::PostStart => "FailedPostStartHook".to_owned(),
        };
        self.tell(EventType::Normal, "Killing", message, Some(index));
        let hook = self.container(index).lifecycle.pre_stop.clone();
        match hook.filter(|_| !grace.is_zero()) {
            Some(hook) => {
                let hook = self.hook_with_port(index, &hook);
                self.steps.push(PodStep::RunHook(Box::new(HookWork {
                    which: self.containers[index].which(),
                    kind: HookKind::PreStop,
                    hook,
                    pod_ip: self.pod_ip,
                    timeout: Some(grace),
                })));
            }
            None => self.word(index, now),
        }
    }

    /// How long containers may take to end when nobody says otherwise.
    pub(super) fn own_grace(&self) -> Duration {
        Duration::from_secs(self.pod.spec.termination_grace_period_seconds)
    }

    /// Tells a container to end in the time it has left.
    fn word(&mut self, index: usize, now: Timestamp) {
        let which = self.containers[index].which();
        let Some(running) = self.containers[index].running_mut() else {
            return;
        };
        let Some(stopping) = &mut running.stopping else {
            return;
        };
        let grace = elapsed(now, stopping.deadline).max(LEAST_GRACE);
        stopping.told = Told::At(after(now, grace + TOLD_AGAIN));
        self.steps.push(PodStep::Stop { which, grace });
    }

    /// What time has brought about for containers that are to end.
    pub(super) fn keep_stopping(&mut self, now: Timestamp) {
        for index in 0..self.containers.len() {
            let stopping = self.containers[index]
                .running()
                .and_then(|running| running.stopping.clone());
            let Some(stopping) = stopping else { continue };
            let due = match stopping.told {
                Told::NotYet => stopping.deadline,
                Told::At(again) => again,
            };
            if now >= due {
                self.word(index, now);
            }
            let running = self.containers[index].running();
            if let Some(Told::At(again)) = running
                .and_then(|running| running.stopping.as_ref())
                .map(|stopping| stopping.told.clone())
            {
                self.wake_at(again);
            } else {
                self.wake_at(due);
            }
        }
    }

    pub(super) fn hooked(
        &mut self,
        which: &ContainerTry,
        kind: HookKind,
        result: Result<(), String>,
        now: Timestamp,
    ) {
        let Some(index) = self.index_of_try(which) else {
            return;
        };
        let Some(running) = self.containers[index].running_mut() else {
            return;
        };
        match (kind, result) {
            (HookKind::PostStart, result) if running.hook_pending => {
                running.hook_pending = false;
                if let Err(why) = result {
                    let message = format!("PostStartHook failed: {why}");
                    self.tell(
                        EventType::Warning,
                        "FailedPostStartHook",
                        message,
                        Some(index),
                    );
                    let grace = self.own_grace();
                    self.stop(index, Reason::PostStart, grace, now);
                }
            }
            (HookKind::PreStop, result) => {
                let waits = running
                    .stopping
                    .as_ref()
                    .is_some_and(|stopping| stopping.told == Told::NotYet);
                if let Err(why) = result {
                    let message = format!("PreStopHook failed: {why}");
                    self.tell(
                        EventType::Warning,
                        "FailedPreStopHook",
                        message,
                        Some(index),
                    );
                }
                if waits {
                    self.word(index, now);
                }
            }
            (HookKind::PostStart, _) => {}
        }
    }

    /// Asks the questions that are due.
    pub(super) fn ask_probes(&mut self, now: Timestamp) {
        for index in 0..self.containers.len() {
            let which = self.containers[index].which();
            let described = super::plan::container(&self.pod, index);
            let Some(running) = self.containers[index].running_mut() else {
                continue;
            };
            let is_started = running.is_started();
            let is_stopping = running.stopping.is_some();
            let mut wake = None;
            for prober in &mut running.probers {
                let is_its_turn = match prober.kind {
                    ProbeKind::Startup => !is_stopping,
                    ProbeKind::Liveness => is_started && !is_stopping,
                    ProbeKind::Readiness => is_started,
                };
                let Some(due) = prober
                    .due()
                    .filter(|_| is_its_turn && !running.hook_pending)
                else {
                    continue;
                };
                if now < due {
                    wake = Some(wake.map_or(due, |wake: Timestamp| wake.min(due)));
                    continue;
                }
                prober.ask(now);
                self.steps.push(PodStep::Probe(Box::new(ProbeWork {
                    which: which.clone(),
                    kind: prober.kind,
                    handler: with_port(prober.handler(), described),
                    pod_ip: self.pod_ip,
                    timeout: prober.timeout(),
                })));
            }
            wake.into_iter().for_each(|wake| self.wake_at(wake));
        }
    }

    pub(super) fn probed(
        &mut self,
        which: &ContainerTry,
        kind: ProbeKind,
        answer: ProbeAnswer,
        now: Timestamp,
    ) {
        let Some(index) = self.index_of_try(which) else {
            return;
        };
        let Some(running) = self.containers[index].running_mut() else {
            return;
        };
        let is_stopping = running.stopping.is_some();
        let Some(prober) = running
            .probers
            .iter_mut()
            .find(|prober| prober.kind == kind)
        else {
            return;
        };
        let word = kind.as_str();
        let verdict = match &answer {
            ProbeAnswer::Success => prober.answered(true),
            ProbeAnswer::Failure(_) => prober.answered(false),
            ProbeAnswer::Unasked(_) => {
                prober.unasked();
                Verdict::Noted
            }
        };
        let grace = prober.grace_seconds();
        match answer {
            ProbeAnswer::Success => {}
            ProbeAnswer::Failure(_) if verdict == Verdict::Passed => {}
            ProbeAnswer::Failure(why) => {
                let message = format!("{word} probe failed: {why}");
                self.tell(EventType::Warning, "Unhealthy", message, Some(index));
            }
            ProbeAnswer::Unasked(why) => {
                let message = format!("{word} probe errored: {why}");
                self.tell(EventType::Warning, "Unhealthy", message, Some(index));
            }
        }
        if verdict == Verdict::Kill && !is_stopping {
            let grace = grace.map_or_else(|| self.own_grace(), Duration::from_secs);
            self.stop(index, Reason::Probe(kind), grace, now);
        }
    }

    pub(super) fn hook_with_port(&self, index: usize, hook: &Hook) -> Hook {
        match hook {
            Hook::Handler(handler) => Hook::Handler(with_port(handler, self.container(index))),
            Hook::Sleep { .. } | Hook::Nothing => hook.clone(),
        }
    }
}
