//! What a worker needs of everything around it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coracle_host::Engine;
use coracle_host::clock::Clock;
use coracle_host::log::Keep;
use coracle_model::{Cpu, EngineKind, GpuUuid, Memory, Resources};
use coracle_objects::Object;
use coracle_plan::pod::{PodEvent, PodObjects, PodReferences};
use coracle_spec::kind::pod::{Pod, PodUid};
use coracle_store::Home;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::handle::Control;
use crate::image::Workshop;
use crate::room::RoomNews;

/// Which pod: a later one of the same name is another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodKey {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: PodUid,
}

/// The objects of the API, as far as a pod's worker has to do with them.
#[async_trait]
pub trait PodWorld: Send + Sync {
    /// The pod as it stands; none when it is not there any more.
    ///
    /// # Errors
    /// When it cannot be read now.
    async fn pod(&self, key: &PodKey) -> Result<Option<Object>, PodWorldError>;

    /// What the pod refers to, with the services of its namespace, as it stands.
    ///
    /// # Errors
    /// When it cannot be read now.
    async fn objects(
        &self,
        pod: &Pod,
        references: &PodReferences,
    ) -> Result<PodObjects, PodWorldError>;

    /// Writes the pod's status, whole; one that is not there any more is no error.
    ///
    /// # Errors
    /// When it cannot be written now.
    async fn write_status(&self, key: &PodKey, status: Value) -> Result<(), PodWorldError>;

    /// Tells what happened. What cannot be told is lost.
    async fn tell(&self, key: &PodKey, events: Vec<PodEvent>);

    /// Removes the pod, of which nothing is left; one that is not there any more is no error.
    ///
    /// # Errors
    /// When it cannot be removed now.
    async fn remove(&self, key: &PodKey) -> Result<(), PodWorldError>;
}

/// Why objects cannot be read or written now.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the objects of the API cannot be had: {message}")]
pub struct PodWorldError {
    /// What was said.
    pub message: String,
}

/// Room on the machine.
pub trait PodLedger: Send + Sync {
    /// Asks for room.
    fn reserve(&self, pod: &PodUid, resources: Resources) -> UnboundedReceiver<RoomNews>;

    /// Counts a pod that is at work already.
    fn hold(
        &self,
        pod: &PodUid,
        resources: Resources,
        gpus: Vec<GpuUuid>,
    ) -> UnboundedReceiver<RoomNews>;

    /// Gives back what a pod has, or takes its question back.
    fn release(&self, pod: &PodUid);
}

impl PodLedger for Control {
    fn reserve(&self, pod: &PodUid, resources: Resources) -> UnboundedReceiver<RoomNews> {
        Self::reserve(self, pod, resources)
    }

    fn hold(
        &self,
        pod: &PodUid,
        resources: Resources,
        gpus: Vec<GpuUuid>,
    ) -> UnboundedReceiver<RoomNews> {
        Self::hold(self, pod, resources, gpus)
    }

    fn release(&self, pod: &PodUid) {
        Self::release(self, pod);
    }
}

/// Makes the variables of a pod's containers.
pub type PodVariables = Arc<dyn Fn(&PodUid) -> BTreeMap<String, String> + Send + Sync>;

/// Everything workers work with.
#[derive(Clone)]
pub struct PodSurroundings {
    /// What runs containers.
    pub engine: Arc<dyn Engine>,
    /// Which kind that is.
    pub engine_kind: EngineKind,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where things are.
    pub home: Home,
    /// The objects of the API.
    pub world: Arc<dyn PodWorld>,
    /// Room on the machine.
    pub ledger: Arc<dyn PodLedger>,
    /// The machine, as a node.
    pub node: PodNode,
    /// Names that resolve to the workbench's machine inside a pod.
    pub workbench_names: Vec<String>,
    /// What it takes to build the workbench's own images.
    pub workshop: Workshop,
    /// Variables that every container of a pod gets unless the pod says otherwise: how to reach the workbench.
    pub pod_variables: PodVariables,
    /// How long an engine that stopped answering is waited for before what it was asked counts as failed.
    pub engine_patience: Duration,
    /// How much of a container's output is kept.
    pub keep_log: Keep,
}

/// The machine, as the one node of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodNode {
    /// Its name.
    pub name: String,
    /// Its address.
    pub ip: IpAddr,
    /// What it has.
    pub cpu: Cpu,
    /// What it has.
    pub memory: Memory,
}
