//! How far a workload is, by what its object says.

use serde_json::Value;

use super::news::WorkloadEnd;
use super::workload::WorkloadKind;

/// How far a workload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkloadState {
    /// In words.
    pub(super) told: String,
    /// How it ended, once it has.
    pub(super) end: Option<Ending>,
}

/// How a workload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) end: WorkloadEnd,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
}

/// How far an object of a kind is.
pub(super) fn state(kind: WorkloadKind, object: &Value) -> WorkloadState {
    match kind {
        WorkloadKind::Job => job(object),
        WorkloadKind::Pod => pod(object),
        WorkloadKind::Deployment => deployment(object),
    }
}

/// A text that says something.
pub(super) fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions
        .iter()
        .find(|condition| condition["type"] == kind && condition["status"] == "True")
}

fn ending(end: WorkloadEnd, said: &Value) -> Ending {
    Ending {
        end,
        reason: text(&said["reason"]),
        message: text(&said["message"]),
    }
}

fn job(object: &Value) -> WorkloadState {
    let status = &object["status"];
    let count = |name: &str| status[name].as_u64().unwrap_or_default();
    let succeeded = match object["spec"]["completions"].as_u64() {
        Some(wanted) => format!("{} of {wanted} succeeded", count("succeeded")),
        None => format!("{} succeeded", count("succeeded")),
    };
    let mut told = format!("{} active, {succeeded}", count("active"));
    if count("failed") > 0 {
        told.push_str(&format!(", {} failed", count("failed")));
    }
    if condition(object, "Suspended").is_some() {
        told.push_str(", suspended");
    }
    let end = condition(object, "Complete").map(|said| ending(WorkloadEnd::Complete, said));
    let failed = || condition(object, "Failed").map(|said| ending(WorkloadEnd::Failed, said));
    WorkloadState {
        told,
        end: end.or_else(failed),
    }
}

fn pod(object: &Value) -> WorkloadState {
    let status = &object["status"];
    let phase = status["phase"].as_str().unwrap_or("Pending");
    let end = match phase {
        "Succeeded" => Some(ending(WorkloadEnd::Complete, status)),
        "Failed" => Some(ending(WorkloadEnd::Failed, status)),
        _ => None,
    };
    WorkloadState {
        told: phase.to_owned(),
        end,
    }
}

/// It goes on until it is removed.
fn deployment(object: &Value) -> WorkloadState {
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let status = &object["status"];
    let told = format!(
        "{} of {} ready, {} up to date",
        count(&status["readyReplicas"]),
        object["spec"]["replicas"].as_u64().unwrap_or(1),
        count(&status["updatedReplicas"]),
    );
    WorkloadState { told, end: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_ends_by_its_conditions_alone() {
        let of = |status: Value| job(&json!({"spec": {"completions": 3}, "status": status}));
        let counted = of(json!({"active": 1, "succeeded": 1, "failed": 2}));
        assert_eq!(counted.told, "1 active, 1 of 3 succeeded, 2 failed");
        // All pods have ended, and the controller has not yet said that the job has.
        assert_eq!(of(json!({"succeeded": 3})).end, None);
        let not_yet = json!({"conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "False"}]});
        assert_eq!(of(not_yet).end, None);
        let failed = of(json!({"conditions": [
            {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}]}));
        let end = failed.end.unwrap();
        assert_eq!(
            (end.end, end.reason.as_deref()),
            (WorkloadEnd::Failed, Some("BackoffLimitExceeded"))
        );
        let complete = of(json!({"conditions": [{"type": "Complete", "status": "True"}]}));
        assert_eq!(complete.end.unwrap().end, WorkloadEnd::Complete);
    }

    #[test]
    fn a_job_without_a_number_of_completions_and_one_that_is_suspended() {
        let suspended = json!({"spec": {}, "status": {"conditions": [{"type": "Suspended", "status": "True"}]}});
        assert_eq!(job(&suspended).told, "0 active, 0 succeeded, suspended");
    }

    #[test]
    fn a_pod_that_was_evicted_says_why_it_failed() {
        let end = pod(&json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}})).end;
        assert_eq!(end.unwrap().reason.as_deref(), Some("Evicted"));
    }
}
