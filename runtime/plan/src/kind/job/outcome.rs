//! Whether a job is over, and how.

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _};
use serde_json::Value;

use super::super::step::ObjectStep;
use super::pods::JobPod;
use super::{Asked, Counts, Status, indexes, policy, said};

/// How a job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Over {
    success: bool,
    reason: String,
    message: String,
}

impl Over {
    fn failed(reason: &str, message: impl Into<String>) -> Self {
        Self {
            success: false,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    fn succeeded(reason: &str, message: &str) -> Self {
        Self {
            success: true,
            reason: reason.to_owned(),
            message: message.to_owned(),
        }
    }

    /// What stands already of an end whose pods still go.
    pub(super) fn decided(conditions: &[Value]) -> Option<Self> {
        let coming = conditions.iter().find(|condition| {
            condition["status"] == "True"
                && matches!(
                    condition["type"].as_str(),
                    Some("SuccessCriteriaMet" | "FailureTarget")
                )
        })?;
        let text = |field: &str| coming[field].as_str().unwrap_or_default().to_owned();
        Some(Self {
            success: coming["type"] == "SuccessCriteriaMet",
            reason: text("reason"),
            message: text("message"),
        })
    }

    pub(super) fn is_success(&self) -> bool {
        self.success
    }

    /// The condition while its pods still go.
    pub(super) fn coming(&self) -> &'static str {
        if self.success {
            "SuccessCriteriaMet"
        } else {
            "FailureTarget"
        }
    }

    /// The condition once it is over.
    pub(super) fn condition(&self) -> &'static str {
        if self.success { "Complete" } else { "Failed" }
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn event(&self, job: &Object) -> ObjectStep {
        if self.success {
            said(job, false, "Completed", "Job completed")
        } else {
            said(job, true, &self.reason, &self.message)
        }
    }
}

/// How the job ends, when it does.
pub(super) fn outcome(
    job: &Object,
    asked: &Asked,
    pods: &[JobPod],
    counts: &Counts,
    status: &Status,
    now: Timestamp,
) -> Option<Over> {
    if let Some(over) = failed_by_policy(job, pods) {
        return Some(over);
    }
    let restarts: u64 = pods
        .iter()
        .filter(|pod| pod.ended().is_none())
        .map(JobPod::restarts)
        .sum();
    let on_failure = job.text_at(&["spec", "template", "spec", "restartPolicy"]) == "OnFailure";
    let failures = counts.all_failed() + if on_failure { restarts } else { 0 };
    if failures > asked.backoff_limit {
        return Some(Over::failed(
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        ));
    }
    if status
        .deadline(asked)
        .is_some_and(|deadline| deadline <= now)
        && !asked.suspend
    {
        return Some(Over::failed(
            "DeadlineExceeded",
            "Job was active longer than specified deadline",
        ));
    }
    if asked.indexed
        && let Some(over) = indexed_outcome(job, asked, pods)
    {
        return Some(over);
    }
    let succeeded = counts.all_succeeded();
    let reached = match asked.completions {
        Some(_) if asked.indexed => false,
        Some(completions) => succeeded >= completions,
        None => succeeded > 0 && counts.active == 0 && counts.terminating == 0,
    };
    reached.then(|| {
        Over::succeeded(
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        )
    })
}

fn indexed_outcome(job: &Object, asked: &Asked, pods: &[JobPod]) -> Option<Over> {
    let completions = asked.completions.unwrap_or_default();
    let done = indexes::succeeded(job, pods);
    if let Some(limit) = asked.backoff_limit_per_index {
        let failed = indexes::failed(job, pods, limit);
        let failed_count = failed.len() as u64;
        if asked
            .max_failed_indexes
            .is_some_and(|most| failed_count > most)
        {
            return Some(Over::failed(
                "MaxFailedIndexesExceeded",
                "Job has exceeded the specified maximal number of failed indexes",
            ));
        }
        if failed_count > 0 && failed_count + done.len() as u64 >= completions {
            return Some(Over::failed("FailedIndexes", "Job has failed indexes"));
        }
    }
    if let Some(over) = success_policy(job, &done) {
        return Some(over);
    }
    (done.len() as u64 >= completions).then(|| {
        Over::succeeded(
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        )
    })
}

/// `successPolicy`: some indexes are enough.
fn success_policy(job: &Object, done: &std::collections::BTreeSet<u64>) -> Option<Over> {
    for (number, rule) in job
        .list_at(&["spec", "successPolicy", "rules"])
        .iter()
        .enumerate()
    {
        let named = rule["succeededIndexes"].as_str();
        let among: Vec<u64> = match named {
            Some(text) => done
                .iter()
                .copied()
                .filter(|index| contains(text, *index))
                .collect(),
            None => done.iter().copied().collect(),
        };
        let wanted = rule["succeededCount"].as_u64().or_else(|| named.map(size));
        if wanted.is_some_and(|wanted| among.len() as u64 >= wanted) {
            let message = format!("Matched rules at index {number}");
            return Some(Over::succeeded("SuccessPolicy", &message));
        }
    }
    None
}

/// `podFailurePolicy`: a rule that ends the job.
fn failed_by_policy(job: &Object, pods: &[JobPod]) -> Option<Over> {
    let failed = pods.iter().filter(|pod| pod.has_failed());
    let found = failed
        .filter_map(|pod| policy::matching_rule(job, &pod.object))
        .find(|found| found.action == "FailJob")?;
    Some(Over::failed("PodFailurePolicy", found.message))
}

fn contains(text: &str, index: u64) -> bool {
    ranges(text).any(|(first, last)| (first..=last).contains(&index))
}

fn size(text: &str) -> u64 {
    ranges(text).map(|(first, last)| last - first + 1).sum()
}

fn ranges(text: &str) -> impl Iterator<Item = (u64, u64)> + '_ {
    text.split(',').filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some((first, last))
    })
}
