//! A container step between its beginning and its end: image and cache, environment, queue, attempts.

use std::time::Duration;

use coracle_model::{
    AttemptNumber, EnvironmentKey, Failure, FailureCode, ImageRef, Outputs, Timestamp,
};
use coracle_spec::pipeline::RetryPolicy;

use crate::environment::{EnvironmentPlan, InstallPrefix};
use crate::launch::pull_policy;
use crate::node::{End, NodeId, Status, StepState};
use crate::run::{Preparation, RunPlan, canceled};
use crate::step::{Looked, Step};

impl RunPlan {
    /// A step that ended in an earlier life has ended; any other is looked up.
    pub(crate) fn take_up_or_look(&mut self, id: NodeId, now: Timestamp) {
        let path = self.node(id).path.clone();
        if let Some(mut past) = self.history.take(&path) {
            self.node_mut(id).started_at = past.started_at;
            if let Some(finished) = past.finished.take() {
                return self.end_as_before(id, finished, past.ended_at.unwrap_or(now));
            }
            let step = self.step_mut(id);
            step.earlier_attempts = past.last_attempt - past.failed_attempts.min(past.last_attempt);
            step.attempts = past.failed_attempts;
            if let Some((attempt, _)) = &past.running {
                step.earlier_attempts = attempt.0 - 1 - past.failed_attempts.min(attempt.0 - 1);
                step.attempts = past.failed_attempts + 1;
            }
            step.past = Some(past);
        }
        self.look_up(id, now);
    }

    fn look_up(&mut self, id: NodeId, now: Timestamp) {
        let step = self.step(id);
        let image: ImageRef = match step.image.parse() {
            Ok(image) => image,
            Err(error) => {
                let failure = Failure::new(FailureCode::BadInput, format!("{error}"));
                return self.end(id, End::Failed(failure), now);
            }
        };
        let begun = step
            .past
            .as_ref()
            .is_some_and(|past| past.running.is_some());
        let key = step.cache_key.clone().filter(|_| !begun);
        let lookup = Step::LookUp {
            task: self.node(id).path.clone(),
            image,
            pull: pull_policy(self.step_platform(id)),
            key,
            pipeline: self.pipeline().clone(),
        };
        self.set_status(id, Status::LookedUp);
        self.steps.push(lookup);
    }

    pub(crate) fn looked(&mut self, id: NodeId, result: Result<Looked, Failure>, now: Timestamp) {
        if self.node(id).status != Status::LookedUp {
            return;
        }
        let looked = match result {
            Ok(looked) => looked,
            Err(failure) => return self.end(id, End::Failed(failure), now),
        };
        let step = self.step_mut(id);
        step.fingerprint = step
            .cache_key
            .clone()
            .map(|key| key.with_digest(&looked.digest).fingerprint());
        step.digest = Some(looked.digest);
        match looked.hit {
            Some(outputs) => {
                self.node_mut(id).started_at.get_or_insert(now);
                self.node_mut(id).outputs = outputs;
                self.end(id, End::Succeeded { cached: true }, now);
            }
            None => self.prepare(id, now),
        }
    }

    fn prepare(&mut self, id: NodeId, now: Timestamp) {
        let Some(plan) = self.environment_plan(id) else {
            return self.settle(id, now);
        };
        let key = plan.key.clone();
        match self.environments.get_mut(&key) {
            Some(Preparation::Ready) => {
                self.step_mut(id).prepared = Some(key);
                self.settle(id, now);
            }
            Some(Preparation::Failed) => self.settle(id, now),
            Some(Preparation::Asked(waiting)) => {
                waiting.push(id);
                self.set_status(id, Status::Preparing(key));
            }
            None => {
                self.environments
                    .insert(key.clone(), Preparation::Asked(vec![id]));
                self.set_status(id, Status::Preparing(key));
                self.steps.push(Step::Prepare(plan));
            }
        }
    }

    fn environment_plan(&self, id: NodeId) -> Option<EnvironmentPlan> {
        let container = self
            .container(id)
            .filter(|_| self.policy().prepare_environments)?;
        let prefix = InstallPrefix::of(&container.command)?;
        let step = self.step(id);
        let image = step.image.parse().ok()?;
        Some(EnvironmentPlan::new(
            image,
            step.digest.clone()?,
            prefix.install,
            self.policy().index_settings.clone(),
        ))
    }

    pub(crate) fn environment_answered(
        &mut self,
        key: &EnvironmentKey,
        ready: bool,
        now: Timestamp,
    ) {
        let answer = if ready {
            Preparation::Ready
        } else {
            Preparation::Failed
        };
        let Some(Preparation::Asked(waiting)) = self.environments.insert(key.clone(), answer)
        else {
            return;
        };
        for id in waiting {
            if self.node(id).status == Status::Preparing(key.clone()) {
                self.step_mut(id).prepared = ready.then(|| key.clone());
                self.settle(id, now);
            }
        }
    }

    /// Everything is there for an attempt: take up the one that was at work, wait out a backoff, or queue.
    fn settle(&mut self, id: NodeId, now: Timestamp) {
        let past = self.step_mut(id).past.take().unwrap_or_default();
        if let Some((attempt, resources)) = past.running {
            let task = self.node(id).path.clone();
            self.set_status(id, Status::Running(attempt));
            self.steps.push(Step::Adopt {
                task,
                attempt,
                resources,
            });
            if self.is_canceling() {
                self.steps.push(Step::Stop {
                    task: self.node(id).path.clone(),
                    attempt,
                });
            }
            return;
        }
        match past.last_ended_at.filter(|_| past.failed_attempts > 0) {
            Some(ended_at) => {
                let waited = Duration::try_from(now.duration_since(ended_at)).unwrap_or_default();
                self.back_off(id, past.failed_attempts, waited, now);
            }
            None => self.enqueue(id, now),
        }
    }

    pub(crate) fn enqueue(&mut self, id: NodeId, now: Timestamp) {
        let Some(container) = self.container(id) else {
            return;
        };
        match self.resources(id, container) {
            Ok(resources) => {
                let task = self.node(id).path.clone();
                self.set_status(id, Status::Queued);
                self.steps.push(Step::Enqueue { task, resources });
            }
            Err(failure) => self.end(id, End::Failed(failure), now),
        }
    }

    pub(crate) fn attempt_ended(
        &mut self,
        id: NodeId,
        attempt: AttemptNumber,
        result: Result<Outputs, Failure>,
        now: Timestamp,
    ) {
        if self.node(id).status != Status::Running(attempt) {
            return;
        }
        match result {
            Ok(outputs) => {
                self.node_mut(id).outputs = outputs;
                self.end(id, End::Succeeded { cached: false }, now);
            }
            Err(failure) if self.is_canceling() => {
                let told = if failure.code == FailureCode::Canceled {
                    failure
                } else {
                    canceled()
                };
                self.end(id, End::Canceled(told), now);
            }
            Err(failure) => {
                let attempts = self.step(id).attempts;
                let retry = self
                    .node(id)
                    .retry
                    .filter(|retry| attempts <= retry.max_retries);
                match retry {
                    Some(_) => self.back_off(id, attempts, Duration::ZERO, now),
                    None => self.end(id, End::Failed(failure), now),
                }
            }
        }
    }

    /// Waits before the next attempt, less what was waited already; the last failed attempt was the `failed`th.
    fn back_off(&mut self, id: NodeId, failed: u32, waited: Duration, now: Timestamp) {
        let wait = self
            .node(id)
            .retry
            .map_or(Duration::ZERO, |retry| backoff(&retry, failed));
        let wait = wait.saturating_sub(waited);
        if wait.is_zero() {
            return self.enqueue(id, now);
        }
        let task = self.node(id).path.clone();
        self.set_status(id, Status::BackingOff);
        self.steps.push(Step::WakeAfter { task, wait });
    }

    /// The persistent volume claims a step mounts, sorted.
    pub(crate) fn claims(&self, id: NodeId) -> Vec<String> {
        let Some(platform) = self.step_platform(id) else {
            return Vec::new();
        };
        let mut names: Vec<_> = platform
            .volume_mounts
            .iter()
            .filter_map(|mount| self.platform_text(id, &mount.claim).ok().flatten())
            .collect();
        names.sort();
        names
    }

    fn step(&self, id: NodeId) -> &StepState {
        self.node(id)
            .step
            .as_ref()
            .expect("a container step has begun")
    }

    fn step_mut(&mut self, id: NodeId) -> &mut StepState {
        self.node_mut(id)
            .step
            .as_mut()
            .expect("a container step has begun")
    }
}

/// The wait after the `failed`th failed attempt, from 1.
fn backoff(retry: &RetryPolicy, failed: u32) -> Duration {
    let exponent = i32::try_from(failed.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = retry.backoff.as_secs_f64() * retry.factor.max(0.0).powi(exponent);
    let longest = retry.max_backoff.as_secs_f64();
    let bounded = if longest > 0.0 {
        seconds.min(longest)
    } else {
        seconds
    };
    Duration::try_from_secs_f64(bounded).unwrap_or(retry.max_backoff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_its_limit() {
        let retry = RetryPolicy {
            max_retries: 5,
            backoff: Duration::from_secs(10),
            factor: 2.0,
            max_backoff: Duration::from_secs(35),
        };
        let waits: Vec<_> = (1..=4)
            .map(|failed| backoff(&retry, failed).as_secs())
            .collect();
        assert_eq!(waits, [10, 20, 35, 35]);
    }
}
