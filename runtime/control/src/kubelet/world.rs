//! The objects of the API as workers read and write them.

use std::sync::Arc;

use async_trait::async_trait;
use coracle_apiserver::{ApiServer, Place};
use coracle_objects::{Object, ObjectExt as _, Status, kind};
use coracle_plan::kind::About;
use coracle_plan::pod::{EventType, PodEvent, PodObjects, PodReferences};
use coracle_spec::kind::pod::{Pod, PodUid};
use serde_json::{Map, Value};

use super::references;
use crate::entries;
use crate::objects::Recorder;
use crate::pods::{PodKey, PodWorld, PodWorldError};

/// Makes the token of a pod's account, by the pod's uid.
pub type PodTokens = Arc<dyn Fn(&PodUid) -> String + Send + Sync>;

/// The objects of an API.
pub struct ApiWorld {
    api: ApiServer,
    recorder: Recorder,
    tokens: PodTokens,
    /// The one node's name: where pods that found room are.
    node: String,
    /// Whether the engine has forwarders for services.
    forwards: bool,
}

impl ApiWorld {
    /// The objects of an API. `forwards` says whether the engine has forwarders for services.
    pub fn new(api: ApiServer, tokens: PodTokens, node: String, forwards: bool) -> Self {
        Self {
            recorder: Recorder::new(api.clone(), "kubelet"),
            api,
            tokens,
            node,
            forwards,
        }
    }
}

#[async_trait]
impl PodWorld for ApiWorld {
    async fn pod(&self, key: &PodKey) -> Result<Option<Object>, PodWorldError> {
        let found = self.api.find(kind::pods(), &key.namespace, &key.name);
        let same = found.filter(|pod| pod.body.uid() == &*key.uid.0);
        Ok(same.map(|pod| pod.body.clone()))
    }

    async fn objects(
        &self,
        pod: &Pod,
        references: &PodReferences,
    ) -> Result<PodObjects, PodWorldError> {
        let (api, namespace) = (&self.api, pod.namespace.as_str());
        let named = |name: &String| name.clone();
        let token = (self.tokens)(&pod.uid);
        let object = api.find(kind::pods(), namespace, &pod.name);
        Ok(PodObjects {
            config_maps: references
                .config_maps
                .iter()
                .filter_map(|name| Some((named(name), entries::config_map(api, namespace, name)?)))
                .collect(),
            secrets: references
                .secrets
                .iter()
                .filter_map(|name| Some((named(name), entries::secret(api, namespace, name)?)))
                .collect(),
            pull_secrets: references
                .pull_secrets
                .iter()
                .filter_map(|name| Some((named(name), entries::pull_secret(api, namespace, name)?)))
                .collect(),
            claims: references
                .claims
                .iter()
                .filter_map(|name| Some((named(name), references::claim(api, namespace, name)?)))
                .collect(),
            tokens: references
                .token_audiences
                .iter()
                .map(|audience| (audience.clone(), token.clone()))
                .collect(),
            services: object
                .map(|object| references::services(api, namespace, &object.body, self.forwards))
                .unwrap_or_default(),
        })
    }

    async fn write_status(&self, key: &PodKey, status: Value) -> Result<(), PodWorldError> {
        let node = is_scheduled(&status).then(|| self.node.clone());
        self.blocking(key, move |api, place, uid| {
            api.amend(place, uid, |pod| {
                pod.insert("status".to_owned(), status.clone());
                if let Some(node) = &node {
                    let spec = pod.entry("spec").or_insert_with(|| Map::new().into());
                    if let Some(spec) = spec.as_object_mut() {
                        spec.entry("nodeName")
                            .or_insert_with(|| node.as_str().into());
                    }
                }
            })
            .map(|_| ())
        })
        .await
    }

    async fn tell(&self, key: &PodKey, events: Vec<PodEvent>) {
        let recorder = self.recorder.clone();
        let told = self.blocking(key, move |api, place, uid| {
            let about = About {
                api_version: "v1".to_owned(),
                kind: "Pod".to_owned(),
                namespace: place.namespace.to_owned(),
                name: place.name.to_owned(),
                uid: uid.to_owned(),
                resource_version: api
                    .find(kind::pods(), place.namespace, place.name)
                    .map(|pod| pod.version.to_string())
                    .unwrap_or_default(),
                field_path: String::new(),
            };
            for event in events {
                let about = About {
                    field_path: event.field_path.clone().unwrap_or_default(),
                    ..about.clone()
                };
                let speaker = recorder.speaking_as(event.source.as_str());
                let warning = event.kind == EventType::Warning;
                speaker.say(&about, warning, event.reason, &event.message);
            }
            Ok(())
        });
        if let Err(error) = told.await {
            tracing::debug!(%error, "events were lost");
        }
    }

    async fn remove(&self, key: &PodKey) -> Result<(), PodWorldError> {
        self.blocking(key, ApiServer::finish_deletion).await
    }
}

impl ApiWorld {
    /// Writes off the runtime's threads: it waits for the disk.
    async fn blocking(
        &self,
        key: &PodKey,
        write: impl FnOnce(&ApiServer, &Place<'_>, &str) -> Result<(), Status> + Send + 'static,
    ) -> Result<(), PodWorldError> {
        let (api, key) = (self.api.clone(), key.clone());
        let written = tokio::task::spawn_blocking(move || {
            let place = Place::of(kind::pods(), &key.namespace, &key.name);
            write(&api, &place, &key.uid.0)
        });
        let failed = |message: String| PodWorldError { message };
        written
            .await
            .map_err(|error| failed(error.to_string()))?
            .map_err(|status| failed(status.message))
    }
}

fn is_scheduled(status: &Value) -> bool {
    let conditions = status.get("conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "PodScheduled" && condition["status"] == "True")
}
