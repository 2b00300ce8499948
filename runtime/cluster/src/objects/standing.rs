//! How objects stand in their cluster now, as far as each tells of itself.

use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::requests::{Cluster, RequestError};
use crate::key::ObjectKey;

/// How many objects are asked for at once.
const AT_ONCE: usize = 8;

/// How an object stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ObjectStanding))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Standing {
    /// It is there, and is of a kind that tells no more.
    There,
    /// It is what it is to be.
    Ready {
        /// In the cluster's word, such as `Complete`.
        told: String,
    },
    /// It is on the way there.
    Underway {
        /// What the cluster says of it.
        told: String,
    },
    /// It did not become what it was to be.
    Failed {
        /// What the cluster says of it.
        told: String,
    },
    /// It is no longer there.
    Gone,
    /// The cluster does not tell.
    NotTold {
        /// Why not.
        reason: String,
    },
}

/// An object, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandingObject {
    /// Which object.
    pub object: ObjectKey,
    /// How it stands.
    pub standing: Standing,
}

/// How objects stand now, in the order in which they are given. An object that the cluster does not show keeps none of the
/// others from being shown.
///
/// # Errors
/// A cluster that was lost.
pub async fn standings(
    cluster: &Cluster,
    objects: Vec<ObjectKey>,
) -> Result<Vec<StandingObject>, RequestError> {
    let asked = objects
        .into_iter()
        .map(|object| one(cluster, object).boxed())
        .collect::<Vec<_>>();
    let told: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    told.into_iter().collect()
}

async fn one(cluster: &Cluster, object: ObjectKey) -> Result<StandingObject, RequestError> {
    let standing = match cluster.get(&object).await {
        Ok(Some(found)) => of(&found),
        Ok(None) => Standing::Gone,
        Err(RequestError::Refused(refusal)) => Standing::NotTold {
            reason: refusal.message,
        },
        Err(error @ RequestError::Lost(_)) => return Err(error),
    };
    Ok(StandingObject { object, standing })
}

/// What an object says of itself: by the conditions that most kinds have, or by its phase.
fn of(object: &Value) -> Standing {
    let status = &object["status"];
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return Standing::Underway {
            told: "being deleted".to_owned(),
        };
    }
    if let Some(failed) = condition(status, "Failed").filter(|failed| is_true(failed)) {
        return Standing::Failed {
            told: words(failed, "Failed"),
        };
    }
    let generations = [
        &object["metadata"]["generation"],
        &status["observedGeneration"],
    ];
    if let [Some(wanted), Some(seen)] = generations.map(Value::as_i64)
        && seen < wanted
    {
        return Standing::Underway {
            told: "not looked at since it was changed".to_owned(),
        };
    }
    let stuck = condition(status, "Progressing").filter(|found| found["status"] == "False");
    let refused = condition(status, "ReplicaFailure").filter(|found| is_true(found));
    if let Some(failed) = stuck.or(refused) {
        return Standing::Failed {
            told: words(failed, "its pods do not come up"),
        };
    }
    for kind in ["Complete", "Succeeded"] {
        if condition(status, kind).is_some_and(is_true) {
            return Standing::Ready {
                told: kind.to_owned(),
            };
        }
    }
    let phase = status["phase"].as_str();
    match phase {
        Some(phase @ ("Failed" | "Error" | "Lost")) => {
            return Standing::Failed {
                told: words(status, phase),
            };
        }
        Some(phase @ ("Succeeded" | "Bound" | "Active")) => {
            return Standing::Ready {
                told: phase.to_owned(),
            };
        }
        _ => {}
    }
    for kind in ["Ready", "Available"] {
        if let Some(found) = condition(status, kind) {
            return match is_true(found) {
                true => Standing::Ready {
                    told: kind.to_owned(),
                },
                false => Standing::Underway {
                    told: words(found, &format!("not {}", kind.to_lowercase())),
                },
            };
        }
    }
    match phase {
        Some(phase) => Standing::Underway {
            told: phase.to_owned(),
        },
        None => by_numbers(object),
    }
}

/// Kinds that count instead: jobs that have not ended, and sets of pods.
fn by_numbers(object: &Value) -> Standing {
    let status = &object["status"];
    let count = |name: &str| status[name].as_u64().unwrap_or_default();
    let kind = object["kind"].as_str().unwrap_or_default();
    match (kind, object["spec"]["replicas"].as_u64()) {
        ("Job", _) => Standing::Underway {
            told: format!("{} active", count("active")),
        },
        ("Deployment" | "StatefulSet" | "ReplicaSet", Some(wanted)) => {
            let ready = count("readyReplicas");
            let told = format!("{ready} of {wanted} ready");
            match ready >= wanted {
                true => Standing::Ready { told },
                false => Standing::Underway { told },
            }
        }
        _ => Standing::There,
    }
}

fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    let mut conditions = status["conditions"].as_array()?.iter();
    conditions.find(|condition| condition["type"] == kind)
}

fn is_true(condition: &Value) -> bool {
    condition["status"] == "True"
}

/// What is said, with the word for it where there is one.
fn words(said: &Value, otherwise: &str) -> String {
    let text = |name: &str| said[name].as_str().filter(|text| !text.is_empty());
    match (text("reason"), text("message")) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(object: &Value) -> String {
        match of(object) {
            Standing::There => "there".to_owned(),
            Standing::Ready { told } => format!("ready: {told}"),
            Standing::Underway { told } => format!("underway: {told}"),
            Standing::Failed { told } => format!("failed: {told}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn objects_stand_as_their_conditions_say() {
        let with = |kind: &str, status: &str| json!({"status": {"conditions": [{"type": kind, "status": status, "reason": "R", "message": "m"}]}});
        assert_eq!(told(&with("Ready", "True")), "ready: Ready");
        assert_eq!(told(&with("Ready", "Unknown")), "underway: R: m");
        assert_eq!(told(&with("Available", "False")), "underway: R: m");
        assert_eq!(told(&with("Complete", "True")), "ready: Complete");
        assert_eq!(told(&with("Failed", "True")), "failed: R: m");
        // A condition that could fail and did not is no failure.
        assert_eq!(told(&with("Failed", "False")), "there");
    }

    #[test]
    fn others_stand_by_their_phase_or_in_numbers() {
        let phase = |phase: &str| json!({"status": {"phase": phase}});
        assert_eq!(told(&phase("Bound")), "ready: Bound");
        assert_eq!(told(&phase("Pending")), "underway: Pending");
        assert_eq!(told(&phase("Failed")), "failed: Failed");
        let set = |ready: u64| json!({"kind": "StatefulSet", "spec": {"replicas": 2}, "status": {"readyReplicas": ready}});
        assert_eq!(told(&set(1)), "underway: 1 of 2 ready");
        assert_eq!(told(&set(2)), "ready: 2 of 2 ready");
        assert_eq!(
            told(&json!({"kind": "Job", "status": {"active": 1}})),
            "underway: 1 active"
        );
        assert_eq!(told(&json!({"kind": "ConfigMap", "data": {}})), "there");
        let leaving = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Bound"}});
        assert_eq!(told(&leaving), "underway: being deleted");
    }
}
