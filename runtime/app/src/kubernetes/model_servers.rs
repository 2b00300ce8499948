//! Where a model server is asked.

use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::kind::serving::NAME_LABEL;
use serde_json::Value;

use crate::workbench::Workbench;

/// How far a model server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelServerStage {
    /// There is none of that name.
    Absent,
    /// It is not ready: why, in its own words.
    NotReady(String),
    /// Its pods that are ready, each of which can be asked.
    Ready(Vec<ModelServer>),
}

/// A pod that answers for a model server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelServer {
    /// The namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The pod's uid: connections to another pod are others.
    pub pod_uid: String,
    /// The port on which it listens.
    pub port: u16,
}

impl Workbench {
    /// How far a model server is, and who answers what is asked below a path: explanations have a part of their own.
    pub fn model_server(&self, namespace: &str, name: &str, path: &str) -> ModelServerStage {
        let api = self.kubernetes();
        let Some(service) = api.find(kind::inference_services(), namespace, name) else {
            return ModelServerStage::Absent;
        };
        let service = &service.body;
        let part = asked(service, path);
        let part_name = format!("{name}-{}", part.as_str());
        let port = api
            .find(kind::services(), namespace, &part_name)
            .and_then(|found| target_port(&found.body));
        let pods = api.all(kind::pods(), Some(namespace));
        let answers = |pod: &Object| {
            pod.label(NAME_LABEL) == Some(name)
                && pod.label("component") == Some(part.as_str())
                && !pod.is_being_deleted()
                && is_ready(pod)
        };
        let ready = pods
            .iter()
            .filter(|pod| answers(&pod.body))
            .filter_map(|pod| {
                Some(ModelServer {
                    namespace: namespace.to_owned(),
                    pod: pod.key.name.clone(),
                    pod_uid: pod.body.uid().to_owned(),
                    port: port?,
                })
            });
        let ready: Vec<_> = ready.collect();
        if ready.is_empty() {
            return ModelServerStage::NotReady(reason(service));
        }
        ModelServerStage::Ready(ready)
    }

    /// The model server whose address has this host: namespace and name.
    pub fn model_server_at(&self, host: &str) -> Option<(String, String)> {
        let services = self.kubernetes().all(kind::inference_services(), None);
        let is_asked = |service: &Object| {
            let told = service.text_at(&["status", "url"]);
            let dotted = format!("{}.{}.", service.name(), service.namespace());
            told.strip_prefix("http://").is_some_and(|told| {
                let domain = told.split_once('.').map_or("", |(_, domain)| domain);
                told == host
                    || host
                        .strip_prefix(&dotted)
                        .is_some_and(|rest| rest == domain)
            })
        };
        let found = services.iter().find(|service| is_asked(&service.body))?;
        Some((found.key.namespace.clone(), found.key.name.clone()))
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

fn target_port(service: &Object) -> Option<u16> {
    let first = service.list_at(&["spec", "ports"]).first()?;
    u16::try_from(first.get("targetPort")?.as_u64()?).ok()
}

fn is_ready(pod: &Object) -> bool {
    let conditions = pod.list_at(&["status", "conditions"]);
    conditions
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn reason(service: &Object) -> String {
    let failure = service.text_at(&["status", "modelStatus", "lastFailureInfo", "message"]);
    if !failure.is_empty() {
        return failure.to_owned();
    }
    let conditions = service.list_at(&["status", "conditions"]).iter();
    let ready = conditions
        .into_iter()
        .find(|condition| condition["type"] == "Ready");
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
