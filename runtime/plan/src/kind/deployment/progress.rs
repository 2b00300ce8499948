//! The status of a deployment: its numbers, whether enough pods are there, whether it gets on.

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, meta};
use serde_json::{Map, Value, json};

use super::super::replica_set::replicas;
use super::Sets;
use super::rollout::available;
use super::share::Share;

/// The numbers of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    total: u64,
    updated: u64,
    ready: u64,
    available: u64,
    unavailable: u64,
}

/// A condition without its times.
struct Condition {
    kind: &'static str,
    /// `True`, `False` or `Unknown`.
    status: &'static str,
    reason: &'static str,
    message: String,
}

/// The status, and when a rollout that does not get on has taken too long.
pub(super) fn status(
    deployment: &Object,
    sets: &Sets,
    is_paused: bool,
    now: Timestamp,
) -> (Value, Option<Timestamp>) {
    let numbers = numbers(sets);
    let enough = replicas(deployment).saturating_sub(Share::of(deployment).unavailable);
    let is_available = numbers.available >= enough;
    let mut conditions = vec![written(
        deployment,
        now,
        false,
        Condition {
            kind: "Available",
            status: if is_available { "True" } else { "False" },
            reason: if is_available {
                "MinimumReplicasAvailable"
            } else {
                "MinimumReplicasUnavailable"
            },
            message: if is_available {
                "Deployment has minimum availability.".to_owned()
            } else {
                "Deployment does not have minimum availability.".to_owned()
            },
        },
    )];
    let (progressing, wake) = progressing(deployment, sets, is_paused, numbers, now);
    conditions.extend(progressing);
    conditions.sort_by_key(since);
    let mut status = json!({
        "observedGeneration": deployment.generation(),
        "conditions": conditions,
    });
    let counts = [
        ("replicas", numbers.total),
        ("updatedReplicas", numbers.updated),
        ("readyReplicas", numbers.ready),
        ("availableReplicas", numbers.available),
        ("unavailableReplicas", numbers.unavailable),
    ];
    for (field, count) in counts {
        if count > 0 {
            status[field] = count.into();
        }
    }
    (status, wake)
}

fn numbers(sets: &Sets) -> Numbers {
    let sum = |count: &dyn Fn(&Object) -> u64| sets.all().map(|set| count(set)).sum::<u64>();
    let available = sum(&|set| available(set));
    Numbers {
        total: sum(&|set| count(set, "replicas")),
        updated: sets.new.as_deref().map_or(0, |new| count(new, "replicas")),
        ready: sum(&|set| count(set, "readyReplicas")),
        available,
        unavailable: sum(&|set| replicas(set)).saturating_sub(available),
    }
}

fn count(object: &Object, field: &str) -> u64 {
    object
        .at(&["status", field])
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

fn progressing(
    deployment: &Object,
    sets: &Sets,
    is_paused: bool,
    numbers: Numbers,
    now: Timestamp,
) -> (Option<Value>, Option<Timestamp>) {
    let stands = deployment.condition("Progressing");
    let says = |status: &'static str, reason: &'static str, message: String| Condition {
        kind: "Progressing",
        status,
        reason,
        message,
    };
    if is_paused {
        let paused = says(
            "Unknown",
            "DeploymentPaused",
            "Deployment is paused".to_owned(),
        );
        return (Some(written(deployment, now, false, paused)), None);
    }
    let Some(new) = &sets.new else {
        return (stands.cloned(), None);
    };
    let name = new.name();
    let wanted = replicas(deployment);
    let is_complete =
        numbers.updated == wanted && numbers.total == wanted && numbers.available == wanted;
    if is_complete {
        let done = says(
            "True",
            "NewReplicaSetAvailable",
            format!("ReplicaSet {name:?} has successfully progressed."),
        );
        return (Some(written(deployment, now, false, done)), None);
    }
    let got_on = numbers.updated > count(deployment, "updatedReplicas")
        || numbers.ready > count(deployment, "readyReplicas")
        || numbers.available > count(deployment, "availableReplicas")
        || numbers.total - numbers.updated
            < count(deployment, "replicas").saturating_sub(count(deployment, "updatedReplicas"));
    let is_late = stands.is_some_and(|stands| stands["reason"] == "ProgressDeadlineExceeded");
    let since = stands.and_then(|stands| stands.get("lastUpdateTime")?.as_str()?.parse().ok());
    let begun_anew = stands.is_none_or(|stands| stands["reason"] == "NewReplicaSetAvailable");
    let deadline = deployment
        .at(&["spec", "progressDeadlineSeconds"])
        .and_then(Value::as_i64);
    let due = deadline
        .zip(since)
        .and_then(|(seconds, since): (i64, Timestamp)| {
            Timestamp::from_second(since.as_second().saturating_add(seconds)).ok()
        });
    if !got_on && !begun_anew && (is_late || due.is_some_and(|due| due <= now)) {
        let late = says(
            "False",
            "ProgressDeadlineExceeded",
            format!("ReplicaSet {name:?} has timed out progressing."),
        );
        return (Some(written(deployment, now, false, late)), None);
    }
    let goes_on = says(
        "True",
        "ReplicaSetUpdated",
        format!("ReplicaSet {name:?} is progressing."),
    );
    let wake = if got_on || begun_anew {
        deadline.and_then(|seconds| {
            Timestamp::from_second(now.as_second().saturating_add(seconds)).ok()
        })
    } else {
        due
    };
    (Some(written(deployment, now, got_on, goes_on)), wake)
}

fn since(condition: &Value) -> String {
    condition["lastTransitionTime"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// A condition with its times: since when it holds or not, and when it last said something new.
fn written(deployment: &Object, now: Timestamp, is_news: bool, condition: Condition) -> Value {
    let now = meta::time(now);
    let stands = deployment.condition(condition.kind);
    let same = |field: &str, value: &str| stands.is_some_and(|stands| stands[field] == value);
    let kept = |field: &str| stands.and_then(|stands| stands.get(field).cloned());
    let is_news = is_news || !same("status", condition.status) || !same("reason", condition.reason);
    let mut written = Map::new();
    written.insert("type".to_owned(), condition.kind.into());
    written.insert("status".to_owned(), condition.status.into());
    let updated = if is_news {
        None
    } else {
        kept("lastUpdateTime")
    };
    written.insert(
        "lastUpdateTime".to_owned(),
        updated.unwrap_or_else(|| now.as_str().into()),
    );
    let changed = if same("status", condition.status) {
        kept("lastTransitionTime")
    } else {
        None
    };
    written.insert(
        "lastTransitionTime".to_owned(),
        changed.unwrap_or_else(|| now.as_str().into()),
    );
    written.insert("reason".to_owned(), condition.reason.into());
    written.insert("message".to_owned(), condition.message.into());
    Value::Object(written)
}
