//! Containers of a pod, by what its status says of them.

use serde_json::Value;

use super::state::text;

/// A container as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Container {
    pub(super) name: String,
    /// The container that runs, or ran last.
    pub(super) id: Option<String>,
    /// The one before it.
    pub(super) last_id: Option<String>,
    /// Whether the container of `id` no longer runs.
    pub(super) has_ended: bool,
    /// In words; none while there is nothing to say.
    pub(super) told: Option<Told>,
}

/// What is said of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) state: String,
    pub(super) message: Option<String>,
}

/// What every container goes through.
const USUAL: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// The containers of a pod, those that prepare it first.
pub(super) fn containers(pod: &Value) -> Vec<Container> {
    let of = |list: &str| pod["status"][list].as_array().into_iter().flatten();
    of("initContainerStatuses")
        .chain(of("containerStatuses"))
        .map(container)
        .collect()
}

fn container(status: &Value) -> Container {
    let state = &status["state"];
    let id = text(&status["containerID"]);
    let last_id = text(&status["lastState"]["terminated"]["containerID"]);
    Container {
        name: text(&status["name"]).unwrap_or_default(),
        has_ended: !state["terminated"].is_null() || (id.is_some() && id == last_id),
        id,
        last_id,
        told: told(state),
    }
}

fn told(state: &Value) -> Option<Told> {
    if let Some(waiting) = state.get("waiting").filter(|waiting| !waiting.is_null()) {
        let reason = text(&waiting["reason"]).filter(|reason| !USUAL.contains(&reason.as_str()))?;
        return Some(Told {
            state: reason,
            message: text(&waiting["message"]),
        });
    }
    if let Some(ended) = state.get("terminated").filter(|ended| !ended.is_null()) {
        let reason = text(&ended["reason"]).unwrap_or_else(|| "ended".to_owned());
        let state = match (ended["signal"].as_i64(), ended["exitCode"].as_i64()) {
            (Some(signal), _) if signal > 0 => format!("{reason} (signal {signal})"),
            (_, Some(code)) if code != 0 => format!("{reason} (exit code {code})"),
            _ => reason,
        };
        return Some(Told {
            state,
            message: text(&ended["message"]),
        });
    }
    (!state["running"].is_null()).then(|| Told {
        state: "running".to_owned(),
        message: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_says_why_it_waits_and_how_it_ended() {
        let of = |state: Value| told(&state).map(|told| told.state);
        assert_eq!(
            of(json!({"waiting": {"reason": "ImagePullBackOff"}})).as_deref(),
            Some("ImagePullBackOff")
        );
        assert_eq!(
            of(json!({"waiting": {"reason": "ContainerCreating"}})),
            None
        );
        assert_eq!(of(json!({"running": {}})).as_deref(), Some("running"));
        assert_eq!(
            of(json!({"terminated": {"exitCode": 0, "reason": "Completed"}})).as_deref(),
            Some("Completed")
        );
        assert_eq!(
            of(json!({"terminated": {"exitCode": 3, "reason": "Error"}})).as_deref(),
            Some("Error (exit code 3)")
        );
        assert_eq!(
            of(json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})).as_deref(),
            Some("OOMKilled (exit code 137)")
        );
    }

    #[test]
    fn one_that_waits_to_be_started_again_is_still_the_one_that_ended() {
        let pod = json!({"status": {"containerStatuses": [{"name": "main", "containerID": "containerd://a",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"containerID": "containerd://a"}}}]}});
        let found = containers(&pod);
        assert_eq!(found[0].id.as_deref(), Some("containerd://a"));
        assert!(found[0].has_ended);
    }
}
