//! A workbench whose engine runs nothing: what it was asked to start is written down.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coracle_apiserver::{Place, WriteOptions};
use coracle_app::config::{Config, Flags, Situation};
use coracle_app::{App, EngineSource, Running, SystemClock};
use coracle_host::Workload;
use coracle_host::fake::{Act, FakeEngine};
use coracle_objects::decode::{Body, FieldValidation};
use coracle_objects::kind;
use coracle_plan::pod::{CONTAINER_LABEL, POD_NAME_LABEL, POD_NAMESPACE_LABEL};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;

/// The namespace of the objects.
pub(crate) const NAMESPACE: &str = "default";

/// Longer than any of this takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(15);

type Started = Arc<Mutex<Vec<Workload>>>;

/// A workbench in a home of its own.
pub(crate) struct Workbench {
    _root: TempDir,
    running: Running,
    started: Started,
    changes: watch::Receiver<()>,
}

impl Workbench {
    pub(crate) async fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (started, (told, changes)) = (Started::default(), watch::channel(()));
        let clock = Arc::new(SystemClock::new());
        let kept = Arc::clone(&started);
        let engine = FakeEngine::new(clock.clone(), move |workload| {
            kept.lock().unwrap().push(workload.clone());
            told.send_replace(());
            let name = &workload.labels[CONTAINER_LABEL];
            if ["init", "second"].contains(&name.as_str()) {
                Act::succeed()
            } else {
                Act::succeed().until_released()
            }
        });
        let variables = ["HOME", "CORACLE_HOME"].map(|name| (name.to_owned(), root.path().into()));
        let situation = Situation {
            variables: BTreeMap::from(variables),
            current_directory: root.path().to_owned(),
            program: root.path().join("coracle"),
            user_and_group: (0, 0),
        };
        let config = Config::read(&situation, &Flags::default()).unwrap();
        let app = App::build_with(config, clock, EngineSource::Given(Arc::new(engine))).await;
        Self {
            _root: root,
            running: app.unwrap().spawn(),
            started,
            changes,
        }
    }

    /// Makes an object, which has to be one that an API server takes as it is.
    pub(crate) fn create(&self, object: &Value) {
        let text = object.to_string();
        let options = WriteOptions {
            validation: FieldValidation::Strict,
            ..WriteOptions::default()
        };
        let resource = resource(object);
        let made = self.running.workbench().kubernetes().create(
            &Place::of(resource, NAMESPACE, ""),
            Body {
                content_type: Some("application/json"),
                bytes: text.as_bytes(),
            },
            &options,
        );
        made.unwrap_or_else(|status| panic!("{status:?}\n{object:#}"));
    }

    /// The object as it is kept, as it is sent by its name.
    pub(crate) fn kept(&self, object: &Value) -> Value {
        let resource = resource(object);
        let name = object["metadata"]["name"].as_str().unwrap();
        let api = self.running.workbench().kubernetes();
        let found = api.find(resource, NAMESPACE, name).unwrap();
        let mut kept = Value::Object(found.body.clone());
        kept["apiVersion"] = object["apiVersion"].clone();
        kept["kind"] = object["kind"].clone();
        kept
    }

    /// What was started of each container of an object's pod, once all were.
    pub(crate) async fn started(
        &mut self,
        object: &Value,
        containers: &[String],
    ) -> BTreeMap<String, Workload> {
        let owner = object["metadata"]["name"].as_str().unwrap().to_owned();
        let prefix = match object["kind"].as_str().unwrap() {
            "Pod" => owner,
            "InferenceService" => format!("{owner}-predictor-"),
            _ => format!("{owner}-"),
        };
        let is_whole = |found: &BTreeMap<String, Workload>| {
            containers.iter().all(|name| found.contains_key(name))
        };
        let wait = async {
            loop {
                self.changes.mark_unchanged();
                let found = self.of_pod(&prefix);
                if is_whole(&found) {
                    return found;
                }
                self.changes.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(LIMIT, wait).await;
        waited.unwrap_or_else(|_| {
            panic!(
                "{containers:?} of {prefix} were not started: {}",
                self.told()
            )
        })
    }

    fn of_pod(&self, prefix: &str) -> BTreeMap<String, Workload> {
        let started = self.started.lock().unwrap();
        let own = started.iter().filter(|workload| {
            let label = |name: &str| {
                workload
                    .labels
                    .get(name)
                    .map(String::as_str)
                    .unwrap_or_default()
            };
            let pod = label(POD_NAME_LABEL);
            label(POD_NAMESPACE_LABEL) == NAMESPACE
                && (pod == prefix || prefix.ends_with('-') && pod.starts_with(prefix))
        });
        own.map(|workload| (workload.labels[CONTAINER_LABEL].clone(), workload.clone()))
            .collect()
    }

    /// The states of all pods, for whoever waited in vain.
    fn told(&self) -> String {
        let pods = self
            .running
            .workbench()
            .kubernetes()
            .all(kind::pods(), Some(NAMESPACE));
        let state = |pod: &Value| format!("{} {:#}", pod["metadata"]["name"], pod["status"]);
        pods.iter()
            .map(|pod| state(&Value::Object(pod.body.clone())))
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub(crate) async fn end(self) {
        self.running.shutdown(Duration::from_secs(5)).await;
    }
}

fn resource(object: &Value) -> &'static coracle_objects::Resource {
    let text = |field: &str| object[field].as_str().unwrap();
    kind::find_kind(text("apiVersion"), text("kind")).unwrap()
}
