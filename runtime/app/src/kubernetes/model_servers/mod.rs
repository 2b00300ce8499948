//! Model servers as their requests meet them: who answers, and how many there are to.
//!
//! ```text
//!   request ─► Workbench::model_server ─► revisions with their shares ─► pods that are ready
//!           └► counted while it is at work ─► keep_sizes: as many pods as are needed; none while nobody asks
//! ```

mod requests;
mod size;
mod wait;

use std::time::Duration;

use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::kind::serving::{
    NAME_LABEL, bounds, canary_percent, deployment_names, is_stopped, part_name,
};
use serde_json::Value;

pub(crate) use requests::ModelRequests;
pub use requests::RequestAtWork;
pub(crate) use size::keep_sizes;

use crate::workbench::Workbench;

/// How long an answer may take where its service does not say. KServe's word.
const USUAL_TIMEOUT: Duration = Duration::from_secs(300);

/// A model server, as somebody who asks it meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelServer {
    /// How far it is.
    pub stage: ModelServerStage,
    /// How long an answer may take, being woken included.
    pub timeout: Duration,
    /// How many requests one of its pods works on at once; any number where none.
    pub concurrency: Option<u64>,
}

/// How far a model server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelServerStage {
    /// It is not ready: why, in its own words.
    NotReady(String),
    /// It sleeps, or wakes up: a request makes it ready.
    Asleep,
    /// What answers: a revision, or several that share the requests.
    Ready(Vec<ModelRevision>),
}

/// A state of a model server with pods that are ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRevision {
    /// What it is known by: the name of its deployment.
    pub name: String,
    /// How many of a hundred requests it is to answer.
    pub percent: u64,
    /// Its pods that are ready.
    pub pods: Vec<ModelPod>,
}

/// A pod that answers for a model server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid: connections to another pod are others.
    pub uid: String,
    /// The port on which it listens.
    pub port: u16,
}

impl Workbench {
    /// Who answers what a model server is asked below a path: explanations have a part of their own. None where there is no such
    /// server.
    pub fn model_server(&self, namespace: &str, name: &str, path: &str) -> Option<ModelServer> {
        let service = self
            .kubernetes()
            .find(kind::inference_services(), namespace, name)?;
        let service = &service.body;
        let part = asked(service, path);
        let seconds = |field: &str| part.of(service)?.get(field)?.as_u64();
        let revisions = self.revisions(service, part);
        let stage = if !revisions.is_empty() {
            ModelServerStage::Ready(revisions)
        } else if bounds(service, part).least == 0 && may_wake(service) {
            ModelServerStage::Asleep
        } else {
            ModelServerStage::NotReady(reason(service))
        };
        Some(ModelServer {
            stage,
            timeout: seconds("timeout").map_or(USUAL_TIMEOUT, Duration::from_secs),
            concurrency: seconds("containerConcurrency").filter(|most| *most > 0),
        })
    }

    /// The model server whose address has this host: namespace and name.
    pub fn model_server_at(&self, host: &str) -> Option<(String, String)> {
        let services = self.kubernetes().all(kind::inference_services(), None);
        let is_asked = |service: &Object| {
            let told = service.text_at(&["status", "url"]);
            let dotted = format!("{}.{}.", service.name(), service.namespace());
            told.strip_prefix("http://").is_some_and(|told| {
                let domain = told.split_once('.').map_or("", |(_, domain)| domain);
                told == host || host.strip_prefix(&dotted) == Some(domain)
            })
        };
        let found = services.iter().find(|service| is_asked(&service.body))?;
        Some((found.key.namespace.clone(), found.key.name.clone()))
    }

    /// Counts a request at a model server, so that it has pods enough.
    pub fn model_request(&self, namespace: &str, name: &str) -> RequestAtWork {
        self.inner.model_requests.begin(namespace, name)
    }

    /// The revisions of a part that have pods which are ready; each with its share.
    fn revisions(&self, service: &Object, part: Component) -> Vec<ModelRevision> {
        let api = self.kubernetes();
        let namespace = service.namespace();
        let port = api
            .find(kind::services(), namespace, &part_name(service, part))
            .and_then(|found| target_port(&found.body));
        let Some(port) = port else {
            return Vec::new();
        };
        let pods = api.all(kind::pods(), Some(namespace));
        let ready: Vec<_> = pods
            .iter()
            .filter(|pod| answers(&pod.body, service.name()))
            .collect();
        let percents = match canary_percent(service).filter(|_| part == Component::Predictor) {
            Some(percent) => [100 - percent, percent],
            None => [100, 0],
        };
        let names = deployment_names(service, part).into_iter();
        let revisions = names.zip(percents).map(|(name, percent)| {
            let label = format!("isvc.{name}");
            let own = ready
                .iter()
                .filter(|pod| pod.body.label("app") == Some(&label));
            let pods = own.map(|pod| ModelPod {
                namespace: namespace.to_owned(),
                name: pod.key.name.clone(),
                uid: pod.body.uid().to_owned(),
                port,
            });
            ModelRevision {
                pods: pods.collect(),
                name,
                percent,
            }
        });
        revisions
            .filter(|revision| revision.percent > 0 && !revision.pods.is_empty())
            .collect()
    }
}

/// The part that is asked: what stands first, or who explains.
fn asked(service: &Object, path: &str) -> Component {
    let has = |part: Component| part.of(service).is_some();
    if path.ends_with(":explain") && has(Component::Explainer) {
        Component::Explainer
    } else if has(Component::Transformer) {
        Component::Transformer
    } else {
        Component::Predictor
    }
}

fn answers(pod: &Object, service: &str) -> bool {
    pod.label(NAME_LABEL) == Some(service) && !pod.is_being_deleted() && pod.has_condition("Ready")
}

fn target_port(service: &Object) -> Option<u16> {
    let first = service.list_at(&["spec", "ports"]).first()?;
    u16::try_from(first.get("targetPort")?.as_u64()?).ok()
}

/// Whether waiting for a service is worth while: it is not stopped, and nothing is known to keep it from answering.
fn may_wake(service: &Object) -> bool {
    !is_stopped(service) && !service.is_being_deleted() && failure(service).is_empty()
}

fn failure(service: &Object) -> &str {
    service.text_at(&["status", "modelStatus", "lastFailureInfo", "message"])
}

fn reason(service: &Object) -> String {
    let failure = failure(service);
    if !failure.is_empty() {
        return failure.to_owned();
    }
    let ready = service.condition("Ready");
    let text = |field: &str| {
        ready
            .and_then(|ready| ready.get(field))
            .and_then(Value::as_str)
    };
    text("message")
        .or_else(|| text("reason"))
        .unwrap_or("it is being deployed")
        .to_owned()
}
