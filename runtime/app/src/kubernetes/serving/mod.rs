//! Model servers as their requests meet them: who answers, and how many there are to.
//!
//! ```text
//!   request ─► Workbench::model_server ─► revisions with their shares ─► pods that are ready
//!           ├► counted while it is at work ─► keep_sizes: as many pods as are needed; none while nobody asks
//!           └► a model in this process ◄─ keep_loaded
//! ```

mod embedded;
mod requests;
mod sink;
mod size;
mod wait;

use std::net::IpAddr;
use std::time::Duration;

use coracle_control::Now;
use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_onnx::Server;
use coracle_plan::kind::service::answered_for;
use coracle_plan::kind::serving::{
    Batcher, Logger, NAME_LABEL, batcher, bounds, canary_percent, deployment_names, is_stopped,
    logger, part_name, predict_path,
};
use serde_json::Value;

use embedded::place_of_model;

pub(crate) use embedded::{EmbeddedModels, keep_loaded};
pub(crate) use requests::ModelRequests;
pub use requests::RequestAtWork;
pub use sink::{Sink, SinkPod};
pub(crate) use size::keep_sizes;

use crate::workbench::Workbench;

/// How long an answer may take where its service does not say. KServe's word.
const USUAL_TIMEOUT: Duration = Duration::from_secs(300);

/// The port on which KServe's own servers speak gRPC.
const USUAL_GRPC_PORT: u16 = 8081;

/// By which MLServer is told its own.
const MLSERVER_GRPC_PORT: &str = "MLSERVER_GRPC_PORT";

/// The annotation of a service that says what is kept of the requests to it: `all`, `heads` or `none`.
const REQUEST_LOG: &str = "coracle.serving/request-log";

/// What is kept of the requests to a model server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptOfRequests {
    /// Everything, but for long bodies.
    All,
    /// What was asked when, and how it went.
    Heads,
    /// Nothing.
    Nothing,
}

/// A model server, as somebody who asks it meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelServer {
    /// How far it is.
    pub stage: ModelServerStage,
    /// How long an answer may take, being woken included.
    pub timeout: Duration,
    /// How many requests one of its pods works on at once; any number where none.
    pub concurrency: Option<u64>,
    /// What is kept of the requests to it.
    pub kept: KeptOfRequests,
    /// The part that is asked.
    pub part: Component,
    /// Who is told of what it is asked and answers.
    pub logger: Option<Logger>,
    /// How its requests are put together.
    pub batcher: Option<Batcher>,
}

/// How far a model server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelServerStage {
    /// It is not ready: why, in its own words.
    NotReady(String),
    /// It sleeps, or wakes up: a request makes it ready.
    Asleep,
    /// A model that is served in this process.
    Embedded(Server),
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
    /// The port on which it speaks gRPC, if it does.
    pub grpc_port: u16,
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
        let stage = if let Some(stage) = self.embedded(service) {
            stage
        } else if !revisions.is_empty() {
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
            kept: kept_of_requests(service),
            part,
            logger: logger(service, part),
            batcher: batcher(service, part),
        })
    }

    /// How far a server is whose model is served in this process.
    fn embedded(&self, service: &Object) -> Option<ModelServerStage> {
        let stage = match self.inner.models.server(service) {
            Some(server) => ModelServerStage::Embedded(server),
            None => {
                place_of_model(self.kubernetes(), service)?;
                ModelServerStage::NotReady(reason(service))
            }
        };
        Some(stage)
    }

    /// The model server, or graph of them, whose address has this host: namespace and name.
    pub fn model_server_at(&self, host: &str) -> Option<(String, String)> {
        let api = self.kubernetes();
        let kinds = [kind::inference_services(), kind::inference_graphs()];
        let mut all = kinds.into_iter().flat_map(|kind| api.all(kind, None));
        let found = all.find(|found| has_host(&found.body, host))?;
        Some((found.key.namespace.clone(), found.key.name.clone()))
    }

    /// The model server or graph whose service has this address, where the workbench answers for that: namespace and name.
    pub fn model_server_behind(&self, address: IpAddr) -> Option<(String, String)> {
        if address.is_loopback() {
            return None;
        }
        let address = address.to_string();
        let services = self.kubernetes().all(kind::services(), None);
        let found = services
            .iter()
            .find(|service| service.body.text_at(&["spec", "clusterIP"]) == address)?;
        Some((found.key.namespace.clone(), answered_for(&found.body)?))
    }

    /// The `spec` of an inference graph; none where a model server has its name.
    pub fn inference_graph(&self, namespace: &str, name: &str) -> Option<Value> {
        let api = self.kubernetes();
        let graph = api.find(kind::inference_graphs(), namespace, name)?;
        let server = api.find(kind::inference_services(), namespace, name);
        server.is_none().then(|| graph.body["spec"].clone())
    }

    /// The path at which a model server is asked for predictions, by its protocol.
    pub fn predict_path(&self, namespace: &str, name: &str) -> Option<String> {
        let api = self.kubernetes();
        let service = api.find(kind::inference_services(), namespace, name)?;
        Some(predict_path(&service.body, &Now(api)))
    }

    /// Counts a request at a model server, so that it has pods enough.
    pub fn model_request(&self, namespace: &str, name: &str) -> RequestAtWork {
        self.inner.model_requests.begin(namespace, name)
    }

    /// Notes what a revision of a model server answered: a status, and after how long.
    pub fn model_answered(&self, server: (&str, &str, &str), code: u16, took: Duration) {
        let (loads, now) = (&self.inner.loads, self.inner.clock.now());
        loads.note(server, now, code >= 500, took);
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
                grpc_port: grpc_port(&pod.body),
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

/// What nobody knows the meaning of is no leave to keep anything.
fn kept_of_requests(service: &Object) -> KeptOfRequests {
    match service.annotation(REQUEST_LOG) {
        None | Some("all") => KeptOfRequests::All,
        Some("heads") => KeptOfRequests::Heads,
        Some(_) => KeptOfRequests::Nothing,
    }
}

/// Whether a host is that of something's address: that which its status tells, `NAME.NAMESPACE` below the same domain, or that by
/// which pods find it.
fn has_host(object: &Object, host: &str) -> bool {
    let told = object.text_at(&["status", "url"]);
    let Some(told) = told.strip_prefix("http://") else {
        return false;
    };
    let (name, namespace) = (object.name(), object.namespace());
    let domain = told.split_once('.').map_or("", |(_, domain)| domain);
    let inside = object.text_at(&["status", "address", "url"]);
    let within = host.strip_suffix(".cluster.local").unwrap_or(host);
    let within = within.strip_suffix(".svc").unwrap_or(within);
    told == host
        || host.strip_prefix(&format!("{name}.{namespace}.")) == Some(domain)
        || within == format!("{name}.{namespace}")
        || inside.strip_prefix("http://") == Some(&format!("{within}.svc.cluster.local"))
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

/// The port of a pod's server that is named for gRPC, or that the server takes where none is.
fn grpc_port(pod: &Object) -> u16 {
    let of_containers = |field: &'static str| {
        let containers = pod.list_at(&["spec", "containers"]).iter();
        containers
            .filter_map(move |container| container.get(field)?.as_array())
            .flatten()
    };
    let named = of_containers("ports").find(|port| {
        let name = port["name"].as_str().unwrap_or_default();
        name == "h2c" || name.starts_with("grpc")
    });
    let named = named.and_then(|port| port["containerPort"].as_u64());
    let told = || {
        let told = of_containers("env").find(|variable| variable["name"] == MLSERVER_GRPC_PORT);
        told?["value"].as_str()?.parse().ok()
    };
    let port = named.or_else(told).and_then(|port| port.try_into().ok());
    port.unwrap_or(USUAL_GRPC_PORT)
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
