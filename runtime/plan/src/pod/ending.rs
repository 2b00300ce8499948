//! How a pod ends: its containers, those that go on beside the others last; its network place; its room; and, when it was
//! deleted, all that is left of it.

use std::time::Duration;

use coracle_model::Timestamp;

use super::backoff::{after, elapsed};
use super::container::{ContainerState, Role};
use super::plan::PodPlan;
use super::standing::{Room, Sandbox};
use super::step::PodStep;
use super::stopping::Reason;

/// A pod that ends.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) why: Why,
    /// When its containers have to be gone.
    deadline: Timestamp,
    pub(super) stage: Stage,
}

/// Why a pod ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Somebody asked for it.
    Deleted,
    /// It was active for too long.
    DeadlineExceeded,
    /// It has nothing more to do.
    Over,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its containers end.
    Stopping,
    /// They have, and its network place is closed: its phase is its last.
    Ended,
    /// What is left of it is removed.
    Removing,
    /// Nothing is left but the object.
    Removed,
    /// The object may go.
    Gone,
}

impl Ending {
    pub(super) fn removed(&mut self) {
        if self.stage == Stage::Removing {
            self.stage = Stage::Removed;
        }
    }

    /// One that was over before the workbench ended.
    pub(super) fn ended_before(why: Why, now: Timestamp) -> Self {
        Self {
            why,
            deadline: now,
            stage: Stage::Ended,
        }
    }

    pub(super) fn is_final(&self) -> bool {
        self.stage != Stage::Stopping
    }
}

impl PodPlan {
    pub(super) fn begin_ending(&mut self, why: Why, now: Timestamp) {
        if self.ending.is_some() {
            return;
        }
        let grace = match (&self.pod.deletion, why) {
            (Some(deletion), Why::Deleted) => deletion.grace_seconds,
            (_, Why::Deleted | Why::DeadlineExceeded | Why::Over) => {
                self.pod.spec.termination_grace_period_seconds
            }
        };
        self.ending = Some(Ending {
            why,
            deadline: after(now, Duration::from_secs(grace)),
            stage: Stage::Stopping,
        });
    }

    /// Takes up a deletion, and one that came to want less time.
    pub(super) fn notice_deletion(&mut self, now: Timestamp) {
        let Some(deletion) = &self.pod.deletion else {
            return;
        };
        let deadline = after(now, Duration::from_secs(deletion.grace_seconds));
        match &mut self.ending {
            None => self.begin_ending(Why::Deleted, now),
            Some(ending) => ending.deadline = ending.deadline.min(deadline),
        }
    }

    pub(super) fn end(&mut self, now: Timestamp) {
        let Some(ending) = self.ending.clone() else {
            return;
        };
        if ending.stage == Stage::Stopping {
            if !self.end_containers(&ending, now) || !self.close_sandbox() {
                return;
            }
            self.set_stage(Stage::Ended);
            let room = std::mem::replace(&mut self.room, Room::Released);
            if !matches!(room, Room::NotAsked(_) | Room::Released) {
                self.steps.push(PodStep::Release);
            }
        }
        if self.pod.deletion.is_some() {
            self.remove();
        }
    }

    fn remove(&mut self) {
        let stage = self.ending.as_ref().map(|ending| ending.stage);
        match stage {
            // Nothing was made for a pod that was never taken on.
            Some(Stage::Ended) if self.started_at.is_some() => {
                self.set_stage(Stage::Removing);
                self.steps.push(PodStep::RemoveContainers);
            }
            Some(Stage::Ended | Stage::Removed) => {
                self.set_stage(Stage::Gone);
                self.steps.push(PodStep::Gone);
            }
            Some(Stage::Stopping | Stage::Removing | Stage::Gone) | None => {}
        }
    }

    /// Whether all containers have ended.
    fn end_containers(&mut self, ending: &Ending, now: Timestamp) -> bool {
        self.containers
            .iter_mut()
            .for_each(ContainerState::abandon_next);
        let left = elapsed(now, ending.deadline);
        let is_sidecar = |state: &ContainerState| state.role == Role::Sidecar;
        let others: Vec<_> = (0..self.containers.len())
            .filter(|index| !is_sidecar(&self.containers[*index]))
            .collect();
        for index in others.iter().copied() {
            self.stop(index, Reason::PodGoes, left, now);
        }
        let mut all_ended = others
            .iter()
            .all(|index| !self.containers[*index].is_under_way());
        // Those that go on beside the others end after them, the last one first.
        for index in (0..self.containers.len()).rev() {
            if !all_ended {
                break;
            }
            if is_sidecar(&self.containers[index]) {
                self.stop(index, Reason::PodGoes, left, now);
                all_ended = !self.containers[index].is_under_way();
            }
        }
        self.keep_stopping(now);
        if ending.why == Why::Deleted {
            self.ask_probes(now);
        }
        all_ended
    }

    /// Whether there is no network place any more.
    fn close_sandbox(&mut self) -> bool {
        match self.sandbox {
            Sandbox::None { .. } => true,
            Sandbox::Opening | Sandbox::Closing => false,
            Sandbox::Open | Sandbox::Lost => {
                self.sandbox = Sandbox::Closing;
                self.steps.push(PodStep::CloseSandbox);
                false
            }
        }
    }

    fn set_stage(&mut self, stage: Stage) {
        if let Some(ending) = &mut self.ending {
            ending.stage = stage;
        }
    }
}
