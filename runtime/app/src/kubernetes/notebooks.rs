//! Where a notebook is served from.

use coracle_host::OwnImage;
use coracle_model::ImageRef;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::kind::notebook::{NAME_LABEL, STOPPED, prefix, server_port};

use crate::workbench::Workbench;

/// The annotation with the path that a server is asked for instead of the notebook's prefix.
const REWRITE: &str = "notebooks.kubeflow.org/http-rewrite-uri";

/// The annotation with headers to set on requests, as a JSON object.
const SET_HEADERS: &str = "notebooks.kubeflow.org/http-headers-request-set";

/// How far a notebook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotebookStage {
    /// There is none of that name.
    Absent,
    /// It is stopped.
    Stopped,
    /// Its pod is being made, or waits: for what, in its words.
    Starting(String),
    /// Its container runs; whether it listens already is not known.
    Running(NotebookServer),
}

/// A notebook's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotebookServer {
    /// The namespace of its pod.
    pub namespace: String,
    /// Its pod.
    pub pod: String,
    /// The pod's uid: connections to another pod are others.
    pub pod_uid: String,
    /// The port on which it listens.
    pub port: u16,
    /// The prefix under which it is asked for.
    pub prefix: String,
    /// What stands there instead when it is asked; none where it knows the prefix.
    pub rewrite: Option<String>,
    /// Headers to set, as a JSON object.
    pub set_headers: Option<String>,
    /// By what the server knows the workbench, where it asks.
    pub authorization: Option<String>,
}

impl Workbench {
    /// How far a notebook is, and where it is served from.
    pub fn notebook(&self, namespace: &str, name: &str) -> NotebookStage {
        let api = self.kubernetes();
        let Some(notebook) = api.find(kind::notebooks(), namespace, name) else {
            return NotebookStage::Absent;
        };
        let notebook = &notebook.body;
        if notebook.annotation(STOPPED).is_some() {
            return NotebookStage::Stopped;
        }
        let pod = format!("{name}-0");
        let found = api.find(kind::pods(), namespace, &pod);
        let Some(found) = found.filter(|pod| pod.body.label(NAME_LABEL) == Some(name)) else {
            return NotebookStage::Starting("its pod is being made".to_owned());
        };
        if let Some(waits) = waits_for(&found.body) {
            return NotebookStage::Starting(waits);
        }
        NotebookStage::Running(NotebookServer {
            namespace: namespace.to_owned(),
            pod,
            pod_uid: found.body.uid().to_owned(),
            port: server_port(notebook),
            prefix: prefix(namespace, name),
            rewrite: notebook.annotation(REWRITE).map(str::to_owned),
            set_headers: notebook.annotation(SET_HEADERS).map(str::to_owned),
            authorization: self.authorization(&found.body),
        })
    }

    /// The workbench's own image knows the token of its pod, and asks for it where others could connect, too.
    fn authorization(&self, pod: &Object) -> Option<String> {
        OwnImage::of(&image(pod)?)?;
        let token = self.inner.identity.key().pod_token(pod.uid())?;
        Some(format!("token {token}"))
    }
}

/// The image of a pod's server.
fn image(pod: &Object) -> Option<ImageRef> {
    let containers = pod.list_at(&["spec", "containers"]);
    containers.first()?.get("image")?.as_str()?.parse().ok()
}

/// What a pod whose server does not run waits for.
fn waits_for(pod: &Object) -> Option<String> {
    let statuses = pod.list_at(&["status", "containerStatuses"]);
    let first = statuses.first();
    let state = |name: &str| first.and_then(|status| status.get("state")?.get(name));
    if state("running").is_some() {
        return None;
    }
    let text = |value: Option<&serde_json::Value>, field: &str| {
        let text = value.and_then(|value| value.get(field)?.as_str());
        text.unwrap_or_default().to_owned()
    };
    let waiting = state("waiting").or_else(|| state("terminated"));
    let (reason, message) = (text(waiting, "reason"), text(waiting, "message"));
    let conditions = pod.list_at(&["status", "conditions"]);
    let unplaced = conditions
        .iter()
        .find(|condition| condition["type"] == "PodScheduled" && condition["status"] == "False");
    let why = match (reason.as_str(), message.as_str()) {
        ("", _) => text(unplaced, "message"),
        (reason, "") => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    };
    Some(why)
}
