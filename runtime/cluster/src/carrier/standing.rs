//! How far a pod is, by what its object and its events say.

use serde_json::Value;

/// How far the pod is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not yet, with what is said of it.
    Waits(String),
    Runs,
    /// Its image cannot be had.
    NoImage(String),
    /// It ended, or will never run.
    Ended(String),
}

/// Reasons of waiting that waiting does not mend. `ErrImagePull` is tried again, and becomes `ImagePullBackOff`.
const NO_IMAGE: [&str; 4] = [
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
];
const NEVER: [&str; 3] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// What every container goes through.
const USUAL: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// How far a pod is.
pub(super) fn standing(pod: &Value) -> Standing {
    let status = &pod["status"];
    let phase = status["phase"].as_str().unwrap_or("Pending");
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return Standing::Ended("it is being deleted".to_owned());
    }
    // What fills a volume has to end well before the other begins.
    let first = &status["initContainerStatuses"][0];
    let is_filled = first.is_null() || first["state"]["terminated"]["exitCode"] == 0;
    let container = match is_filled {
        true => &status["containerStatuses"][0],
        false => first,
    };
    match phase {
        "Failed" | "Succeeded" => {
            let ended = &container["state"]["terminated"];
            let told = said(status).or_else(|| said(ended));
            return Standing::Ended(told.unwrap_or_else(|| phase.to_owned()));
        }
        "Running" if is_filled && !container["state"]["running"].is_null() => {
            return Standing::Runs;
        }
        _ => {}
    }
    let waiting = &container["state"]["waiting"];
    let reason = waiting["reason"].as_str().unwrap_or_default();
    let told = said(waiting).unwrap_or_default();
    if NO_IMAGE.contains(&reason) {
        return Standing::NoImage(told);
    }
    if NEVER.contains(&reason) {
        return Standing::Ended(told);
    }
    if !reason.is_empty() && !USUAL.contains(&reason) {
        return Standing::Waits(told);
    }
    Standing::Waits(unscheduled(status).unwrap_or_else(|| phase.to_owned()))
}

/// The last warning about a pod, of the events of its namespace.
pub(super) fn warning(events: &[Value], uid: &str) -> Option<String> {
    let about = |event: &&Value| {
        event["involvedObject"]["uid"] == uid && event["type"].as_str() == Some("Warning")
    };
    let time = |event: &&Value| {
        let times = ["lastTimestamp", "eventTime", "firstTimestamp"];
        let times = times.iter().filter_map(|name| event[name].as_str());
        times.max().unwrap_or_default().to_owned()
    };
    said(events.iter().filter(about).max_by_key(time)?)
}

/// Whether a warning says that the volume is on another node.
pub(super) fn is_elsewhere(told: &str) -> bool {
    told.contains("Multi-Attach") || told.contains("volume node affinity conflict")
}

fn unscheduled(status: &Value) -> Option<String> {
    let conditions = status["conditions"].as_array()?;
    let waits =
        |condition: &&Value| condition["type"] == "PodScheduled" && condition["status"] == "False";
    said(conditions.iter().find(waits)?)
}

/// `reason: message`, or the one that there is.
fn said(value: &Value) -> Option<String> {
    let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty());
    match (text("reason"), text("message")) {
        (Some(reason), Some(message)) => Some(format!("{reason}: {message}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn waiting(reason: &str) -> Value {
        json!({"status": {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": reason, "message": "m"}}}]}})
    }

    #[test]
    fn what_fills_a_volume_and_fails_says_why() {
        let pod = |phase: &str, first: Value| {
            json!({"status": {"phase": phase, "initContainerStatuses": [{"state": first}],
                "containerStatuses": [{"state": {"waiting": {"reason": "PodInitializing"}}}]}})
        };
        let ended =
            json!({"terminated": {"exitCode": 3, "reason": "Error", "message": "no bucket"}});
        let told = Standing::Ended("Error: no bucket".to_owned());
        assert_eq!(standing(&pod("Failed", ended)), told);
        let image = json!({"waiting": {"reason": "ErrImageNeverPull", "message": "m"}});
        let told = Standing::NoImage("ErrImageNeverPull: m".to_owned());
        assert_eq!(standing(&pod("Pending", image)), told);
        let at_work = standing(&pod("Pending", json!({"running": {}})));
        assert_eq!(at_work, Standing::Waits("Pending".to_owned()));
    }

    #[test]
    fn an_image_that_is_not_there_is_told_once_the_cluster_waits_before_it_tries_again() {
        let told = |reason: &str| format!("{reason}: m");
        let of = |reason: &str| standing(&waiting(reason));
        assert_eq!(of("ErrImagePull"), Standing::Waits(told("ErrImagePull")));
        let back_off = told("ImagePullBackOff");
        assert_eq!(of("ImagePullBackOff"), Standing::NoImage(back_off));
        assert_eq!(
            of("ContainerCreating"),
            Standing::Waits("Pending".to_owned())
        );
    }

    #[test]
    fn a_pod_without_a_node_says_why_and_one_that_was_evicted_too() {
        let pending = json!({"status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]}});
        let waits = Standing::Waits("Unschedulable: 0/1 nodes".to_owned());
        assert_eq!(standing(&pending), waits);
        let evicted =
            json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "low on disk"}});
        let ended = Standing::Ended("Evicted: low on disk".to_owned());
        assert_eq!(standing(&evicted), ended);
    }

    #[test]
    fn the_last_warning_counts() {
        let event = |uid: &str, time: &str, reason: &str| json!({"type": "Warning", "involvedObject": {"uid": uid}, "lastTimestamp": time, "reason": reason, "message": "m"});
        let events = [
            event("u", "2026-01-02T00:00:00Z", "FailedAttachVolume"),
            event("u", "2026-01-01T00:00:00Z", "FailedScheduling"),
            event("v", "2026-01-03T00:00:00Z", "BackOff"),
        ];
        assert_eq!(
            warning(&events, "u").as_deref(),
            Some("FailedAttachVolume: m")
        );
        assert!(is_elsewhere(
            "Multi-Attach error for volume \"v\": already used by pod(s) p"
        ));
    }
}
