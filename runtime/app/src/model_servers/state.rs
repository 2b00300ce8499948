//! Whether a model server answers, why not, and what to try.

use coracle_objects::{Object, ObjectExt as _};
use coracle_plan::kind::serving::{EMBEDDED_RUNTIME, is_stopped};
use serde_json::Value;

use crate::view::{ModelServerState, ServerPart, ServerPod};

/// The container that fetches a model.
const INITIALIZER: &str = "storage-initializer";

/// How a server stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: ModelServerState,
    pub(super) reason: Option<String>,
    pub(super) hint: Option<String>,
}

impl Standing {
    fn plain(state: ModelServerState) -> Self {
        Self {
            state,
            reason: None,
            hint: None,
        }
    }

    fn because(state: ModelServerState, reason: &str) -> Self {
        Self {
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            ..Self::plain(state)
        }
    }
}

pub(super) fn of(service: &Object, parts: &[ServerPart]) -> Standing {
    let is_there = parts.iter().any(|part| !part.pods.is_empty());
    if service.is_being_deleted() {
        return Standing::plain(ModelServerState::Deleting);
    }
    if is_stopped(service) {
        return if is_there {
            Standing::because(ModelServerState::Stopping, "its pods are ending")
        } else {
            Standing::plain(ModelServerState::Stopped)
        };
    }
    let failure = failure(service, parts);
    let is_ready = service.has_condition("Ready");
    let is_asleep =
        !is_there && !is_embedded(service) && parts.iter().all(|part| part.replicas.wanted == 0);
    // Whatever it is changed to, what was there before answers until it is ready.
    let is_served = if is_embedded(service) {
        service.text_at(&["status", "modelStatus", "states", "activeModelState"]) == "Loaded"
    } else {
        is_there && parts.iter().all(|part| part.replicas.ready > 0)
    };
    let answers = is_ready || is_served;
    match (failure, answers) {
        (Some(failure), true) => Standing {
            state: ModelServerState::Degraded,
            ..failure
        },
        (Some(failure), false) => failure,
        (None, true) if is_asleep => {
            Standing::because(ModelServerState::Asleep, "a request wakes it")
        }
        (None, true) if is_ready => Standing::plain(ModelServerState::Ready),
        (None, true) => {
            Standing::because(ModelServerState::Ready, "its newest revision is starting")
        }
        (None, false) => on_its_way(service, parts),
    }
}

/// What is wrong: with the definition, or with the newest pod of the first part that has trouble.
fn failure(service: &Object, parts: &[ServerPart]) -> Option<Standing> {
    let failed = |reason: String, word: &str| Standing {
        state: ModelServerState::Failing,
        hint: hint(word, &reason).map(str::to_owned),
        reason: Some(reason),
    };
    let told = service.at(&["status", "modelStatus", "lastFailureInfo"]);
    let text = |field: &str| {
        told.and_then(|told| told[field].as_str())
            .unwrap_or_default()
    };
    let is_refused =
        service.text_at(&["status", "modelStatus", "transitionStatus"]) == "InvalidSpec";
    if is_refused {
        return Some(failed(text("message").to_owned(), text("reason")));
    }
    if told.is_some() && is_embedded(service) {
        let hint = "look whether its storage names an ONNX model, or a directory with one";
        return Some(Standing {
            hint: Some(hint.to_owned()),
            ..Standing::because(ModelServerState::Failing, text("message"))
        });
    }
    let newest = parts.iter().filter_map(newest_pod);
    if let Some(reason) = newest
        .filter(|pod| pod.containers.iter().any(|one| one.trouble.is_some()))
        .find_map(|pod| pod.reason.clone())
    {
        return Some(failed(reason, text("reason")));
    }
    let conditions = service.list_at(&["status", "conditions"]).iter();
    let stuck = conditions
        .filter(|told| told["status"] == "False")
        .find(|told| told["reason"] == "ProgressDeadlineExceeded");
    stuck.map(|told| failed(words(told, "message"), "ProgressDeadlineExceeded"))
}

/// Whether the workbench itself serves the model, without pods.
fn is_embedded(service: &Object) -> bool {
    service.text_at(&["status", "servingRuntimeName"]) == EMBEDDED_RUNTIME
}

fn newest_pod(part: &ServerPart) -> Option<&ServerPod> {
    part.pods.iter().find(|pod| !pod.is_ending)
}

/// What helps, by KServe's word for a failure and by what a kubelet says.
fn hint(word: &str, reason: &str) -> Option<&'static str> {
    let says = |text: &str| reason.contains(text);
    if word == "NoSupportingRuntime" {
        return Some(
            "choose another format or runtime: `kubectl get clusterservingruntimes` lists what is served",
        );
    }
    if word == "InvalidPredictorSpec" {
        return Some("change its definition");
    }
    if says("OOMKilled") {
        return Some("give its container more memory: `resources.limits.memory`");
    }
    if says("ImagePull") || says("InvalidImageName") {
        return Some("look whether the image is named rightly and this machine can pull it");
    }
    if says("it ended with") || says("CrashLoopBackOff") {
        return Some("its log says more");
    }
    None
}

/// What a server that nothing is wrong with waits for.
fn on_its_way(service: &Object, parts: &[ServerPart]) -> Standing {
    let pods = || parts.iter().filter_map(newest_pod);
    if let Some(reason) = pods().find_map(|pod| pod.reason.as_deref()) {
        return Standing::because(ModelServerState::Waiting, reason);
    }
    let is_fetching = pods().any(|pod| {
        pod.containers
            .iter()
            .any(|one| one.name == INITIALIZER && one.has_begun)
            && pod
                .containers
                .iter()
                .all(|one| one.name == INITIALIZER || !one.has_begun)
    });
    if is_fetching {
        return Standing::because(ModelServerState::Loading, "its model is being fetched");
    }
    let reason = match pods().find(|pod| !pod.is_ready) {
        Some(pod) if pod.containers.iter().all(|one| one.has_begun) => {
            "its server does not answer yet".to_owned()
        }
        Some(_) => "its containers are being made".to_owned(),
        None if is_embedded(service) => "its model is being loaded".to_owned(),
        None => service
            .condition("Ready")
            .map(|told| words(told, "message"))
            .filter(|message| !message.is_empty())
            .unwrap_or_else(|| "its pods are being made".to_owned()),
    };
    Standing::because(ModelServerState::Starting, &reason)
}

fn words(told: &Value, field: &str) -> String {
    told[field].as_str().unwrap_or_default().to_owned()
}
