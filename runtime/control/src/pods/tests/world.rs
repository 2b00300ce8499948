//! Objects on a shelf, room for everybody, and a workbench that can be killed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use coracle_host::Engine;
use coracle_host::clock::{Clock, ManualClock};
use coracle_host::log::Keep;
use coracle_model::{EngineKind, GpuUuid, Resources};
use coracle_objects::Object;
use coracle_plan::pod::{PodEvent, PodHeld, PodObjects, PodReferences};
use coracle_spec::kind::pod::{Pod, PodUid};
use coracle_store::Home;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;

use crate::image::Workshop;
use crate::pods::{
    PodHandle, PodKey, PodLedger, PodNode, PodSurroundings, PodWorld, PodWorldError, Pods,
};
use crate::room::RoomNews;
use crate::supervisor::Supervisor;

pub(super) const UID: &str = "0b1c";

/// The pod that a test is about, and what it refers to.
#[derive(Default)]
struct Shelf {
    pod: Option<Object>,
    objects: PodObjects,
    events: Vec<String>,
    /// Each status that was written.
    statuses: Vec<Value>,
}

/// The objects of a test.
pub(super) struct Objects {
    shelf: Mutex<Shelf>,
    changes: watch::Sender<()>,
}

impl Objects {
    fn new(uid: &str, spec: &Value) -> Arc<Self> {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "web", "namespace": "team", "uid": uid, "generation": 1 },
            "spec": spec,
            "status": { "phase": "Pending" },
        });
        let Value::Object(pod) = pod else {
            unreachable!("it was written as an object")
        };
        Arc::new(Self {
            shelf: Mutex::new(Shelf {
                pod: Some(pod),
                ..Shelf::default()
            }),
            changes: watch::Sender::new(()),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PodWorld for Objects {
    async fn pod(&self, _: &PodKey) -> Result<Option<Object>, PodWorldError> {
        Ok(self.lock().pod.clone())
    }

    async fn objects(&self, _: &Pod, _: &PodReferences) -> Result<PodObjects, PodWorldError> {
        Ok(self.lock().objects.clone())
    }

    async fn write_status(&self, _: &PodKey, status: Value) -> Result<(), PodWorldError> {
        let mut shelf = self.lock();
        shelf.statuses.push(status.clone());
        if let Some(pod) = &mut shelf.pod {
            pod.insert("status".to_owned(), status);
        }
        drop(shelf);
        self.changes.send_replace(());
        Ok(())
    }

    async fn tell(&self, _: &PodKey, events: Vec<PodEvent>) {
        let told = events
            .into_iter()
            .map(|event| format!("{}: {}", event.reason, event.message));
        self.lock().events.extend(told);
        self.changes.send_replace(());
    }

    async fn remove(&self, _: &PodKey) -> Result<(), PodWorldError> {
        self.lock().pod = None;
        self.changes.send_replace(());
        Ok(())
    }
}

/// Room for everybody.
struct Room;

impl PodLedger for Room {
    fn reserve(&self, _: &PodUid, _: Resources) -> UnboundedReceiver<RoomNews> {
        let (news, heard) = mpsc::unbounded_channel();
        let _ = news.send(RoomNews::Admitted { gpus: Vec::new() });
        heard
    }

    fn hold(&self, _: &PodUid, _: Resources, _: Vec<GpuUuid>) -> UnboundedReceiver<RoomNews> {
        mpsc::unbounded_channel().1
    }

    fn release(&self, _: &PodUid) {}
}

/// A workbench with one pod.
pub(super) struct Bench {
    pub(super) surroundings: PodSurroundings,
    objects: Arc<Objects>,
    supervisor: Supervisor,
    handle: Option<PodHandle>,
    changes: watch::Receiver<()>,
    uid: String,
    _directory: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new(
        spec: &Value,
        clock: Arc<dyn Clock>,
        engine: impl FnOnce(Arc<dyn Clock>) -> Arc<dyn Engine>,
    ) -> Self {
        Self::with_uid(UID, spec, clock, engine)
    }

    /// A pod that others on the same engine are not taken for.
    pub(super) fn with_uid(
        uid: &str,
        spec: &Value,
        clock: Arc<dyn Clock>,
        engine: impl FnOnce(Arc<dyn Clock>) -> Arc<dyn Engine>,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        home.prepare().unwrap();
        let objects = Objects::new(uid, spec);
        let surroundings = PodSurroundings {
            engine: engine(Arc::clone(&clock)),
            engine_kind: EngineKind::Fake,
            clock,
            home,
            world: Arc::clone(&objects) as Arc<dyn PodWorld>,
            ledger: Arc::new(Room),
            node: PodNode {
                name: "coracle".to_owned(),
                ip: "192.168.1.9".parse().unwrap(),
                cpu: "4".parse().unwrap(),
                memory: "8Gi".parse().unwrap(),
            },
            workbench_names: Vec::new(),
            workshop: Workshop {
                index_settings: BTreeMap::new(),
                logs: directory.path().join("logs"),
            },
            pod_variables: Arc::new(|uid| BTreeMap::from([("WHO".to_owned(), uid.to_string())])),
            engine_patience: Duration::from_secs(1),
            keep_log: Keep::All,
        };
        Self {
            surroundings,
            changes: objects.changes.subscribe(),
            objects,
            supervisor: Supervisor::new(tokio::runtime::Handle::current()),
            handle: None,
            uid: uid.to_owned(),
            _directory: directory,
        }
    }

    /// Begins, or begins again after [`Self::kill`].
    pub(super) async fn begin(&mut self) {
        let pods = Pods::new(self.surroundings.clone(), self.supervisor.clone());
        let mut held = pods.held().await.unwrap();
        let held: PodHeld = held
            .remove(&PodUid::from(self.uid.as_str()))
            .unwrap_or_default();
        let object = self.objects.lock().pod.clone().unwrap();
        self.handle = Some(pods.take_up(&object, &held).unwrap());
    }

    /// Ends the workbench without a word to its pods.
    pub(super) async fn kill(&mut self) {
        self.supervisor.shutdown(Duration::from_secs(5)).await;
        self.supervisor = Supervisor::new(tokio::runtime::Handle::current());
    }

    /// Changes the pod's object.
    pub(super) fn edit(&self, change: impl FnOnce(&mut Object)) {
        if let Some(pod) = &mut self.objects.lock().pod {
            change(pod);
        }
        self.wake();
    }

    /// Changes what it refers to.
    pub(super) fn put(&self, change: impl FnOnce(&mut PodObjects)) {
        change(&mut self.objects.lock().objects);
        self.wake();
    }

    fn wake(&self) {
        self.handle.iter().for_each(PodHandle::wake);
    }

    pub(super) fn delete(&self, grace: u64) {
        let now = self.surroundings.clock.now().to_string();
        self.edit(|pod| {
            pod["metadata"]["deletionTimestamp"] = now.into();
            pod["metadata"]["deletionGracePeriodSeconds"] = grace.into();
        });
    }

    /// Waits until the pod's status is so.
    pub(super) async fn until(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let objects = Arc::clone(&self.objects);
        let wait = async {
            loop {
                self.changes.mark_unchanged();
                let status = objects.lock().pod.as_ref().map(|pod| pod["status"].clone());
                let status = status.unwrap_or_else(|| json!({ "phase": "Gone" }));
                if is_so(&status) {
                    return status;
                }
                self.changes.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), wait).await {
            Ok(status) => status,
            Err(_) => {
                let shelf = objects.lock();
                let status = shelf.pod.as_ref().map(|pod| &pod["status"]);
                panic!("never {what}: {status:#?}\n{:#?}", shelf.events)
            }
        }
    }

    pub(super) async fn until_phase(&mut self, phase: &str) -> Value {
        self.until(phase, |status| status["phase"] == phase).await
    }

    pub(super) fn events(&self) -> Vec<String> {
        self.objects.lock().events.clone()
    }

    /// The reasons for which the container of that name waited or ended, each once.
    pub(super) fn reasons(&self, name: &str) -> BTreeSet<String> {
        let shelf = self.objects.lock();
        let statuses = shelf.statuses.iter().flat_map(all);
        let own = statuses.filter(|status| status["name"] == name);
        let reasons = own.flat_map(|status| {
            ["waiting", "terminated"].map(|kind| status["state"][kind]["reason"].as_str())
        });
        reasons.flatten().map(str::to_owned).collect()
    }

    pub(super) fn directory(&self) -> std::path::PathBuf {
        self.surroundings.home.pod_dir(&self.uid)
    }
}

/// The statuses of all containers.
pub(super) fn all(status: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["initContainerStatuses", "containerStatuses"];
    lists
        .into_iter()
        .filter_map(|list| status[list].as_array())
        .flatten()
}

pub(super) fn container<'status>(status: &'status Value, name: &str) -> &'status Value {
    static NONE: Value = Value::Null;
    all(status)
        .find(|status| status["name"] == name)
        .unwrap_or(&NONE)
}

pub(super) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()))
}

pub(super) fn read(path: &Path) -> String {
    fs_err::read_to_string(path).unwrap_or_else(|error| panic!("{error}"))
}
