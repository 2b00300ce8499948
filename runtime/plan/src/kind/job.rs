//! Jobs: pods until enough of them have succeeded, or too many have failed.
//!
//! ```text
//!   pod ended ──► its uid is noted as uncounted ──► its finalizer goes ──► it is counted
//!   counted against `completions` and `backoffLimit` ──► more pods, or the job is over
//! ```
//!
//! A pod carries a finalizer until its end is counted, so that none is counted twice or not at all, whoever deletes it
//! and whenever the workbench is killed.

mod indexes;
mod outcome;
mod pods;
mod policy;

use std::sync::Arc;

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use super::step::{About, ObjectPlan, ObjectStep, World, is_controlled_by};
use outcome::{Over, outcome};
use pods::{Ended, JobPod, without_tracking};

/// Keeps an ended pod until it is counted.
pub const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// The wait after the first failure; it doubles with each.
const FIRST_BACKOFF_SECONDS: i64 = 10;

/// The longest such wait.
const LONGEST_BACKOFF_SECONDS: i64 = 600;

/// A job's numbers.
#[derive(Debug, Clone)]
struct Counts {
    active: usize,
    ready: usize,
    terminating: usize,
    succeeded: u64,
    failed: u64,
    uncounted_succeeded: Vec<String>,
    uncounted_failed: Vec<String>,
}

/// What a job asks for.
#[derive(Debug, Clone)]
struct Asked {
    parallelism: u64,
    /// None: one success is enough, whichever pod it is of, and no more are started then.
    completions: Option<u64>,
    backoff_limit: u64,
    backoff_limit_per_index: Option<u64>,
    max_failed_indexes: Option<u64>,
    active_deadline: Option<i64>,
    ttl: Option<i64>,
    suspend: bool,
    indexed: bool,
}

impl Asked {
    fn of(job: &Object) -> Self {
        let number = |field: &str| job.at(&["spec", field]).and_then(Value::as_u64);
        let per_index = number("backoffLimitPerIndex");
        Self {
            parallelism: number("parallelism").unwrap_or(1),
            completions: number("completions"),
            backoff_limit: number("backoffLimit").unwrap_or(if per_index.is_some() {
                u64::from(i32::MAX.unsigned_abs())
            } else {
                6
            }),
            backoff_limit_per_index: per_index,
            max_failed_indexes: number("maxFailedIndexes"),
            active_deadline: number("activeDeadlineSeconds").map(u64::cast_signed),
            ttl: number("ttlSecondsAfterFinished").map(u64::cast_signed),
            suspend: job.at(&["spec", "suspend"]) == Some(&Value::Bool(true)),
            indexed: job.text_at(&["spec", "completionMode"]) == "Indexed",
        }
    }
}

/// What is to be done for a job.
pub fn reconcile(job: &Object, world: &dyn World) -> ObjectPlan {
    let asked = Asked::of(job);
    let now = world.now();
    let pods: Vec<JobPod> = world
        .list(kind::pods(), Some(job.namespace()))
        .into_iter()
        .filter(|pod| is_controlled_by(pod, job))
        .map(|pod| JobPod::new(job, pod))
        .collect();
    if job.is_being_deleted() {
        // Nobody counts them any more.
        let steps = pods.iter().filter(|pod| {
            pod.is_tracked() && (pod.ended().is_some() || pod.object.is_being_deleted())
        });
        return ObjectPlan {
            steps: steps.map(|pod| without_tracking(&pod.object)).collect(),
            wake: None,
        };
    }
    if let Some(finished) = finished_at(job) {
        return after_the_end(job, &asked, &pods, finished, now);
    }
    let mut plan = ObjectPlan::default();
    let counts = count(job, &pods);
    let mut status = Status::of(job);
    status.begin(&asked, now);
    let over = status
        .decided
        .clone()
        .or_else(|| outcome(job, &asked, &pods, &counts, &status, now));
    let mut events = Vec::new();
    let mut writes = Vec::new();
    match &over {
        Some(over) => {
            status.decide(over, now);
            writes.extend(delete_active(&pods));
            let left = pods.iter().any(|pod| pod.ended().is_none());
            let uncounted =
                !counts.uncounted_succeeded.is_empty() || !counts.uncounted_failed.is_empty();
            if !left && !uncounted {
                status.finish(over, now);
                events.push(over.event(job));
            }
        }
        None if asked.suspend => {
            writes.extend(delete_active(&pods));
            if status.suspend(now) {
                events.push(said(job, false, "Suspended", "Job suspended"));
            }
        }
        None => {
            if status.resume(now) {
                events.push(said(job, false, "Resumed", "Job resumed"));
            }
            let (made, wake) = pods::missing(job, &asked, &pods, &counts, now);
            for pod in made {
                let name = pod["metadata"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                writes.push(ObjectStep::create(kind::pods(), pod));
                events.push(said(
                    job,
                    false,
                    "SuccessfulCreate",
                    &format!("Created pod: {name}"),
                ));
            }
            writes.extend(pods::superfluous(&asked, &pods, &counts));
            plan.wake = earlier(wake, status.deadline(&asked));
        }
    }
    let status = status.written(job, &asked, &pods, &counts);
    plan.steps
        .extend(ObjectStep::status(kind::jobs(), job, status));
    plan.steps.extend(release_counted(job, &pods));
    plan.steps.extend(writes);
    plan.steps.extend(events);
    plan
}

/// A job that is over only waits to be removed.
fn after_the_end(
    job: &Object,
    asked: &Asked,
    pods: &[JobPod],
    finished: Timestamp,
    now: Timestamp,
) -> ObjectPlan {
    let tracked = pods
        .iter()
        .filter(|pod| pod.is_tracked() && pod.ended().is_some());
    let mut plan = ObjectPlan {
        steps: tracked.map(|pod| without_tracking(&pod.object)).collect(),
        wake: None,
    };
    let Some(ttl) = asked.ttl else { return plan };
    let due = later(finished, ttl);
    if due <= now {
        plan.steps.push(ObjectStep::Delete {
            resource: kind::jobs(),
            namespace: job.namespace().to_owned(),
            name: job.name().to_owned(),
            uid: job.uid().to_owned(),
            policy: Some(coracle_objects::meta::PropagationPolicy::Foreground),
        });
    } else {
        plan.wake = Some(due);
    }
    plan
}

/// Takes the finalizer from pods of jobs that are not there any more: nobody counts their end.
pub fn release_orphans(namespace: &str, world: &dyn World) -> Vec<ObjectStep> {
    let pods = world.list(kind::pods(), Some(namespace)).into_iter();
    let tracked = pods.filter(|pod| pod.finalizers().contains(&TRACKING));
    let orphans = tracked.filter(|pod| {
        let owner = pod.controller().filter(|owner| owner.kind == "Job");
        let job = owner.and_then(|owner| world.get(kind::jobs(), namespace, &owner.name));
        job.is_none_or(|job| !is_controlled_by(pod, &job))
    });
    orphans.map(|pod| without_tracking(&pod)).collect()
}

/// Takes the finalizer from pods whose end the stored status knows, or that do not count.
fn release_counted(job: &Object, pods: &[JobPod]) -> Vec<ObjectStep> {
    let known: Vec<&str> = uncounted(job, "succeeded")
        .into_iter()
        .chain(uncounted(job, "failed"))
        .collect();
    let noted = pods.iter().filter(|pod| {
        let is_known = known.contains(&pod.object.uid());
        pod.is_tracked() && (is_known || pod.ended() == Some(Ended::Overlooked))
    });
    noted.map(|pod| without_tracking(&pod.object)).collect()
}

fn count(job: &Object, pods: &[JobPod]) -> Counts {
    let number = |field: &str| {
        job.at(&["status", field])
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let mut counts = Counts {
        active: 0,
        ready: 0,
        terminating: 0,
        succeeded: number("succeeded"),
        failed: number("failed"),
        uncounted_succeeded: Vec::new(),
        uncounted_failed: Vec::new(),
    };
    // What was noted and has lost its finalizer is counted for good.
    let is_tracked = |uid: &str| {
        pods.iter()
            .any(|pod| pod.object.uid() == uid && pod.is_tracked())
    };
    for uid in uncounted(job, "succeeded") {
        match is_tracked(uid) {
            true => counts.uncounted_succeeded.push(uid.to_owned()),
            false => counts.succeeded += 1,
        }
    }
    for uid in uncounted(job, "failed") {
        match is_tracked(uid) {
            true => counts.uncounted_failed.push(uid.to_owned()),
            false => counts.failed += 1,
        }
    }
    for pod in pods {
        let uid = pod.object.uid().to_owned();
        match pod.ended() {
            None if pod.object.is_being_deleted() => counts.terminating += 1,
            None => {
                counts.active += 1;
                counts.ready += usize::from(pod.is_ready());
            }
            Some(_) if !pod.is_tracked() => {}
            Some(Ended::Overlooked) => {}
            Some(Ended::Succeeded) if !counts.uncounted_succeeded.contains(&uid) => {
                counts.uncounted_succeeded.push(uid);
            }
            Some(Ended::Failed | Ended::FailedForGood)
                if !counts.uncounted_failed.contains(&uid) =>
            {
                counts.uncounted_failed.push(uid);
            }
            Some(_) => {}
        }
    }
    counts
}

impl Counts {
    fn all_succeeded(&self) -> u64 {
        self.succeeded + self.uncounted_succeeded.len() as u64
    }

    fn all_failed(&self) -> u64 {
        self.failed + self.uncounted_failed.len() as u64
    }
}

fn uncounted<'a>(job: &'a Object, field: &str) -> Vec<&'a str> {
    let list = job.list_at(&["status", "uncountedTerminatedPods", field]);
    list.iter().filter_map(Value::as_str).collect()
}

fn delete_active(pods: &[JobPod]) -> Vec<ObjectStep> {
    let active = pods
        .iter()
        .filter(|pod| pod.ended().is_none() && !pod.object.is_being_deleted());
    active
        .map(|pod| ObjectStep::delete(kind::pods(), &pod.object))
        .collect()
}

/// A job's status while it is being put together.
#[derive(Debug, Clone)]
struct Status {
    start: Option<Timestamp>,
    completion: Option<Timestamp>,
    conditions: Vec<Value>,
    /// How it will end, when that is decided and its pods still go.
    decided: Option<Over>,
}

impl Status {
    fn of(job: &Object) -> Self {
        let conditions = job.list_at(&["status", "conditions"]).to_vec();
        Self {
            start: job.text_at(&["status", "startTime"]).parse().ok(),
            completion: job.text_at(&["status", "completionTime"]).parse().ok(),
            decided: Over::decided(&conditions),
            conditions,
        }
    }

    fn begin(&mut self, asked: &Asked, now: Timestamp) {
        if self.start.is_none() && !asked.suspend {
            self.start = Some(now);
        }
    }

    /// Whether that is news.
    fn suspend(&mut self, now: Timestamp) -> bool {
        let news = !self.holds("Suspended");
        if news {
            self.start = None;
            self.set("Suspended", "True", "JobSuspended", "Job suspended", now);
        }
        news
    }

    /// Whether that is news.
    fn resume(&mut self, now: Timestamp) -> bool {
        let news = self.holds("Suspended");
        if news {
            self.start = Some(now);
            self.set("Suspended", "False", "JobResumed", "Job resumed", now);
        }
        news
    }

    fn decide(&mut self, over: &Over, now: Timestamp) {
        if !self.holds(over.coming()) {
            self.set(over.coming(), "True", over.reason(), over.message(), now);
        }
    }

    fn finish(&mut self, over: &Over, now: Timestamp) {
        self.set(over.condition(), "True", over.reason(), over.message(), now);
        if over.is_success() {
            self.completion = Some(now);
        }
    }

    fn deadline(&self, asked: &Asked) -> Option<Timestamp> {
        Some(later(self.start?, asked.active_deadline?))
    }

    fn holds(&self, kind: &str) -> bool {
        self.conditions
            .iter()
            .any(|condition| condition["type"] == kind && condition["status"] == "True")
    }

    fn set(&mut self, kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) {
        self.conditions
            .retain(|condition| condition["type"] != kind);
        self.conditions.push(json!({
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastProbeTime": now.to_string(),
            "lastTransitionTime": now.to_string(),
        }));
    }

    fn written(&self, job: &Object, asked: &Asked, pods: &[JobPod], counts: &Counts) -> Value {
        let mut status = json!({ "ready": counts.ready, "terminating": counts.terminating });
        let mut put = |field: &str, value: Value| status[field] = value;
        if counts.active > 0 {
            put("active", counts.active.into());
        }
        if counts.succeeded > 0 {
            put("succeeded", counts.succeeded.into());
        }
        if counts.failed > 0 {
            put("failed", counts.failed.into());
        }
        if let Some(start) = self.start {
            put("startTime", start.to_string().into());
        }
        if let Some(completion) = self.completion {
            put("completionTime", completion.to_string().into());
        }
        if !self.conditions.is_empty() {
            put("conditions", self.conditions.clone().into());
        }
        if asked.indexed {
            let done = indexes::succeeded(job, pods);
            if !done.is_empty() {
                put("completedIndexes", indexes::written(&done).into());
            }
            if let Some(limit) = asked.backoff_limit_per_index {
                put(
                    "failedIndexes",
                    indexes::written(&indexes::failed(job, pods, limit)).into(),
                );
            }
        }
        let mut uncounted = json!({});
        if !counts.uncounted_succeeded.is_empty() {
            uncounted["succeeded"] = counts.uncounted_succeeded.clone().into();
        }
        if !counts.uncounted_failed.is_empty() {
            uncounted["failed"] = counts.uncounted_failed.clone().into();
        }
        put("uncountedTerminatedPods", uncounted);
        status
    }
}

/// When a job that is over ended.
fn finished_at(job: &Object) -> Option<Timestamp> {
    let conditions = job.list_at(&["status", "conditions"]);
    let over = conditions.iter().find(|condition| {
        matches!(condition["type"].as_str(), Some("Complete" | "Failed"))
            && condition["status"] == "True"
    })?;
    over["lastTransitionTime"].as_str()?.parse().ok()
}

fn said(job: &Object, warning: bool, reason: &str, message: &str) -> ObjectStep {
    ObjectStep::Say {
        about: About::object(job),
        warning,
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn later(begin: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(begin.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

/// How long to wait after so many failures.
fn backoff_seconds(failures: u64) -> i64 {
    let doublings = u32::try_from(failures.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(16);
    (FIRST_BACKOFF_SECONDS << doublings).min(LONGEST_BACKOFF_SECONDS)
}

type PodObject = Arc<Object>;
