//! The pods of a job: how each ended, which are missing, which are too many.

use std::collections::BTreeSet;

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Map, Value, json};

use super::super::pod_status;
use super::super::pod_template::fresh_name;
use super::super::step::{ObjectStep, controlled_by};
use super::{Asked, Counts, PodObject, TRACKING, backoff_seconds, indexes, later, policy};

/// The annotation and label with the index of an indexed job's pod.
const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The most pods that are made at once.
const MOST_AT_ONCE: u64 = 500;

/// How a pod ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Succeeded,
    Failed,
    /// So that its index is not tried again.
    FailedForGood,
    /// In a way that does not count.
    Overlooked,
}

/// A pod of the job.
#[derive(Debug, Clone)]
pub(super) struct JobPod {
    pub(super) object: PodObject,
    ended: Option<Ended>,
}

impl JobPod {
    /// A pod, as the job's policy on failures sees it.
    pub(super) fn new(job: &Object, object: PodObject) -> Self {
        let ended = match object.text_at(&["status", "phase"]) {
            "Succeeded" => Some(Ended::Succeeded),
            "Failed" => Some(match policy::matching_rule(job, &object) {
                Some(found) if found.action == "Ignore" => Ended::Overlooked,
                Some(found) if found.action == "FailIndex" => Ended::FailedForGood,
                Some(_) | None => Ended::Failed,
            }),
            _ => None,
        };
        Self { object, ended }
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Whether it ended badly, and that counts.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.ended, Some(Ended::Failed | Ended::FailedForGood))
    }

    pub(super) fn is_tracked(&self) -> bool {
        self.object.finalizers().contains(&TRACKING)
    }

    pub(super) fn is_ready(&self) -> bool {
        pod_status::is_ready(&self.object)
    }

    pub(super) fn index(&self) -> Option<u64> {
        self.object.annotation(INDEX)?.parse().ok()
    }

    /// How often its containers were started again: with `OnFailure` each counts as a failure.
    pub(super) fn restarts(&self) -> u64 {
        let statuses = self
            .object
            .list_at(&["status", "containerStatuses"])
            .iter()
            .chain(self.object.list_at(&["status", "initContainerStatuses"]));
        statuses
            .filter_map(|status| status.get("restartCount")?.as_u64())
            .sum()
    }

    /// When its last container ended.
    fn ended_at(&self) -> Option<Timestamp> {
        let statuses = self.object.list_at(&["status", "containerStatuses"]).iter();
        statuses
            .filter_map(|status| {
                let ended = status.get("state")?.get("terminated")?.get("finishedAt")?;
                ended.as_str()?.parse().ok()
            })
            .max()
    }
}

/// The pods to make now, and when to look again if some have to wait.
pub(super) fn missing(
    job: &Object,
    asked: &Asked,
    pods: &[JobPod],
    counts: &Counts,
    now: Timestamp,
) -> (Vec<Value>, Option<Timestamp>) {
    let succeeded = counts.all_succeeded();
    let wanted_active = match asked.completions {
        Some(completions) => asked.parallelism.min(completions.saturating_sub(succeeded)),
        // Once one has succeeded no more are started.
        None if succeeded > 0 => 0,
        None => asked.parallelism,
    };
    let active = counts.active as u64;
    let replaces_early = job.text_at(&["spec", "podReplacementPolicy"]) != "Failed";
    let in_the_way = if replaces_early {
        0
    } else {
        counts.terminating as u64
    };
    let lacking = wanted_active
        .saturating_sub(active + in_the_way)
        .min(MOST_AT_ONCE);
    if lacking == 0 {
        return (Vec::new(), None);
    }
    if let Some(wait) = wait_after_failure(pods, counts, now) {
        return (Vec::new(), Some(wait));
    }
    let next = if asked.indexed {
        indexes::missing(job, asked, pods, lacking)
            .into_iter()
            .map(Some)
            .collect()
    } else {
        vec![None; usize::try_from(lacking).unwrap_or(usize::MAX)]
    };
    let taken: BTreeSet<&str> = pods.iter().map(|pod| pod.object.name()).collect();
    let made = next.into_iter().enumerate().map(|(number, index)| {
        let prefix = match index {
            Some(index) => format!("{}-{index}", job.name()),
            None => job.name().to_owned(),
        };
        // It hangs on what is there, so that planning again gives the same.
        let seed = format!("{} {} {number}", job.uid(), taken.len());
        let name = fresh_name(&prefix, &seed, &taken);
        pod(job, index, &name)
    });
    (made.collect(), None)
}

/// After a failure the next pod waits, the longer the more have failed.
fn wait_after_failure(pods: &[JobPod], counts: &Counts, now: Timestamp) -> Option<Timestamp> {
    let is_overlooked = |pod: &&JobPod| pod.ended() == Some(Ended::Overlooked);
    // What does not count is not repeated without end either.
    let failures = counts.all_failed() + pods.iter().filter(is_overlooked).count() as u64;
    if failures == 0 {
        return None;
    }
    let failed = pods
        .iter()
        .filter(|pod| pod.has_failed() || is_overlooked(pod));
    let last = failed.filter_map(JobPod::ended_at).max()?;
    let due = later(last, backoff_seconds(failures));
    (due > now).then_some(due)
}

/// Pods beyond what is wanted: `parallelism` was lowered.
pub(super) fn superfluous(asked: &Asked, pods: &[JobPod], counts: &Counts) -> Vec<ObjectStep> {
    let active = pods
        .iter()
        .filter(|pod| pod.ended().is_none() && !pod.object.is_being_deleted());
    let too_many = (counts.active as u64).saturating_sub(asked.parallelism);
    let mut active: Vec<_> = active.collect();
    // The youngest go first: they have done least.
    active.sort_by_key(|pod| std::cmp::Reverse(pod.object.meta("creationTimestamp").to_owned()));
    active
        .into_iter()
        .take(usize::try_from(too_many).unwrap_or(usize::MAX))
        .map(|pod| ObjectStep::delete(kind::pods(), &pod.object))
        .collect()
}

/// Takes the finalizer from a pod.
pub(super) fn without_tracking(pod: &Object) -> ObjectStep {
    ObjectStep::without_finalizer(kind::pods(), pod, TRACKING)
}

fn pod(job: &Object, index: Option<u64>, name: &str) -> Value {
    let map = |path: &[&str]| -> Map<String, Value> {
        job.at(path)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let mut labels = map(&["spec", "template", "metadata", "labels"]);
    let mut annotations = map(&["spec", "template", "metadata", "annotations"]);
    let mut spec = map(&["spec", "template", "spec"]);
    if let Some(index) = index {
        labels.insert(INDEX.to_owned(), index.to_string().into());
        annotations.insert(INDEX.to_owned(), index.to_string().into());
        spec.insert(
            "hostname".to_owned(),
            format!("{}-{index}", job.name()).into(),
        );
        give_index(&mut spec);
    }
    let mut metadata = json!({
        "name": name,
        "namespace": job.namespace(),
        "labels": labels,
        "finalizers": [TRACKING],
        "ownerReferences": controlled_by(job),
    });
    if !annotations.is_empty() {
        metadata["annotations"] = annotations.into();
    }
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec })
}

/// Every container finds the index in `JOB_COMPLETION_INDEX`.
fn give_index(spec: &mut Map<String, Value>) {
    for list in ["initContainers", "containers"] {
        let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut) else {
            continue;
        };
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            let environment = container.entry("env").or_insert_with(|| json!([]));
            let Some(environment) = environment.as_array_mut() else {
                continue;
            };
            if environment
                .iter()
                .all(|variable| variable["name"] != "JOB_COMPLETION_INDEX")
            {
                let path = format!("metadata.annotations['{INDEX}']");
                environment.push(json!({
                    "name": "JOB_COMPLETION_INDEX",
                    "valueFrom": { "fieldRef": { "fieldPath": path } },
                }));
            }
        }
    }
}
