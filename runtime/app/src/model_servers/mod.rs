//! Inference services as people see them: with their parts, revisions and pods, and why one does not answer.
//!
//! Everything is told from objects of the Kubernetes API, and from what was noted of requests; nothing is asked of an engine or of a
//! server.

mod compare;
mod load;
mod pod;
mod requests;
mod state;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use coracle_apiserver::ApiServer;
use coracle_objects::kind::inference_service::{Component, SERVER, storage_uri};
use coracle_objects::{Object, ObjectExt as _, Resource, kind};
use coracle_plan::kind::serving::{NAME_LABEL, canary_percent};
use coracle_store::StoredObject;
use serde_json::{Map, Value};

pub use compare::{Differences, Rules, compare};
pub(crate) use load::Loads;
pub use requests::{milliseconds, told};

use crate::error::AppError;
use crate::view::{
    ModelServer, ModelServerList, Replicas, ServerPart, ServerRevision, TrafficTarget,
};
use crate::workbench::Workbench;

/// The label of everything of a part, with its word.
const PART_LABEL: &str = "component";

/// The annotation of a replica set with its number.
const REVISION: &str = "deployment.kubernetes.io/revision";

impl Workbench {
    /// The model servers, newest first.
    #[must_use]
    pub fn model_server_list(&self) -> ModelServerList {
        let api = self.kubernetes();
        let mut services = api.all(kind::inference_services(), None);
        services.sort_by_key(|found| (Reverse(found.body.created_at()), found.key.name.clone()));
        let made = Made::of(api, None);
        ModelServerList {
            model_servers: services
                .iter()
                .map(|found| server(&found.body, &made))
                .collect(),
        }
    }

    /// A model server as it is now.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn model_server_detail(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<ModelServer, AppError> {
        let api = self.kubernetes();
        let found = api.find(kind::inference_services(), namespace, name);
        let found = found.ok_or_else(|| AppError::no_model_server(namespace, name))?;
        Ok(server(&found.body, &Made::of(api, Some(namespace))))
    }
}

/// A part of a service: namespace, name, and the word for the part.
type PartKey = (String, String, String);

/// What was made for each part, newest first.
type ByPart = HashMap<PartKey, Vec<Arc<StoredObject>>>;

/// What was made for inference services.
struct Made {
    deployments: ByPart,
    replica_sets: ByPart,
    pods: ByPart,
}

impl Made {
    fn of(api: &ApiServer, namespace: Option<&str>) -> Self {
        let all = |resource: &'static Resource| by_part(api.all(resource, namespace));
        Self {
            deployments: all(kind::deployments()),
            replica_sets: all(kind::replica_sets()),
            pods: all(kind::pods()),
        }
    }
}

fn by_part(mut objects: Vec<Arc<StoredObject>>) -> ByPart {
    objects.sort_by_key(|found| (Reverse(found.body.created_at()), found.key.name.clone()));
    let mut found = ByPart::new();
    for object in objects {
        let label = |key: &str| object.body.label(key).map(str::to_owned);
        let (Some(name), Some(part)) = (label(NAME_LABEL), label(PART_LABEL)) else {
            continue;
        };
        let key = (object.body.namespace().to_owned(), name, part);
        found.entry(key).or_default().push(object);
    }
    found
}

/// Those of a part of a service.
fn of_part<'all>(
    all: &'all ByPart,
    service: &Object,
    part: &str,
) -> impl Iterator<Item = &'all Object> {
    let key = [service.namespace(), service.name(), part].map(str::to_owned);
    let found = all.get(&PartKey::from(key));
    found.into_iter().flatten().map(|found| &found.body)
}

fn server(service: &Object, made: &Made) -> ModelServer {
    let parts: Vec<ServerPart> = Component::ALL
        .into_iter()
        .filter(|component| component.of(service).is_some())
        .map(|component| part(service, component.as_str(), made))
        .collect();
    let predictor = Component::Predictor.of(service);
    let model = predictor.and_then(|predictor| predictor.get("model"));
    let text = |path: &[&str]| {
        let text = service.text_at(path);
        (!text.is_empty()).then(|| text.to_owned())
    };
    let runtime = [
        &["status", "servingRuntimeName"][..],
        &["status", "clusterServingRuntimeName"],
        &["spec", "predictor", "model", "runtime"],
    ];
    let state::Standing {
        state,
        reason,
        hint,
    } = state::of(service, &parts);
    ModelServer {
        namespace: service.namespace().to_owned(),
        name: service.name().to_owned(),
        state,
        reason,
        hint,
        format: model
            .and_then(|model| Some(model.get("modelFormat")?["name"].as_str()?.to_owned())),
        runtime: runtime.into_iter().find_map(text),
        storage: predictor.and_then(storage_uri).map(str::to_owned),
        replicas: parts.first().map(|part| part.replicas).unwrap_or_default(),
        canary_percent: canary_percent(service).and_then(|percent| percent.try_into().ok()),
        parts,
        path: format!("/serving/{}/{}", service.namespace(), service.name()),
        cluster_url: text(&["status", "address", "url"]),
        created_at: service.created_at(),
    }
}

fn part(service: &Object, name: &str, made: &Made) -> ServerPart {
    let mut replicas = Replicas::default();
    for deployment in of_part(&made.deployments, service, name) {
        let its = replicas_of(deployment);
        replicas.ready += its.ready;
        replicas.wanted += its.wanted;
    }
    let mut revisions: Vec<ServerRevision> = of_part(&made.replica_sets, service, name)
        .map(revision)
        .collect();
    revisions.sort_by_key(|revision| Reverse((revision.created_at, revision.number)));
    let told = service.list_at(&["status", "components", name, "traffic"]);
    ServerPart {
        name: name.to_owned(),
        replicas,
        revisions,
        traffic: told.iter().filter_map(traffic).collect(),
        pods: of_part(&made.pods, service, name).map(pod::of).collect(),
    }
}

fn replicas_of(object: &Object) -> Replicas {
    let number = |path: &[&str]| object.at(path).and_then(Value::as_u64);
    Replicas {
        ready: number(&["status", "readyReplicas"]).unwrap_or(0),
        wanted: number(&["spec", "replicas"]).unwrap_or(1),
    }
}

fn revision(replica_set: &Object) -> ServerRevision {
    let containers = replica_set.list_at(&["spec", "template", "spec", "containers"]);
    let server = containers
        .iter()
        .find(|container| container["name"] == SERVER)
        .or_else(|| containers.first());
    let number = replica_set.annotation(REVISION);
    ServerRevision {
        name: replica_set.name().to_owned(),
        number: number.and_then(|number| number.parse().ok()).unwrap_or(0),
        image: server.and_then(|server| Some(server["image"].as_str()?.to_owned())),
        replicas: replicas_of(replica_set),
        created_at: replica_set.created_at(),
    }
}

fn traffic(told: &Value) -> Option<TrafficTarget> {
    let told: &Map<String, Value> = told.as_object()?;
    Some(TrafficTarget {
        revision: told.get("revisionName")?.as_str()?.to_owned(),
        percent: told.get("percent").and_then(percent)?,
        is_latest: told.get("latestRevision").and_then(Value::as_bool) == Some(true),
    })
}

fn percent(value: &Value) -> Option<u8> {
    value.as_u64().and_then(|percent| percent.try_into().ok())
}

#[cfg(test)]
mod tests;
