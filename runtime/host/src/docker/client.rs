//! The engine's handle, and [`Engine`](crate::Engine) spelled out: each method is one of the files beside.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use coracle_model::{EnvironmentKey, ImageRef, RegistryUser};
use tokio::sync::OnceCell;

use super::about::{Engine, Machine};
use super::once::Once;
use super::sockets::DockerSettings;
use crate::clock::SystemClock;
use crate::engine::{
    AttachRequest, Connection, EngineDescription, EngineError, EnvironmentLayer,
    EnvironmentRequest, ExecRequest, Exit, ImageAnswer, ImageArchive, ImageBuild, NetworkName,
    ObservedWorkload, Opening, PullPolicy, SandboxName, SandboxRequest, SandboxStatus, Session,
    Usage, Workload, WorkloadName,
};
use crate::log::Keep;

/// An engine that speaks Docker's API.
#[derive(Debug)]
pub struct DockerEngine {
    pub(super) docker: Docker,
    pub(super) engine: Engine,
    pub(super) settings: DockerSettings,
    pub(super) clock: SystemClock,
    pub(super) machine: OnceCell<Machine>,
    pub(super) pulls: Once<Result<(), EngineError>>,
    pub(super) builds: Once<Result<(), EngineError>>,
    pub(super) installs: Once<Result<EnvironmentLayer, EngineError>>,
    /// Set once the installers that an earlier workbench left behind are gone.
    pub(super) swept: OnceCell<()>,
}

impl DockerEngine {
    pub(super) fn new(docker: Docker, engine: Engine, settings: DockerSettings) -> Self {
        Self {
            docker,
            engine,
            settings,
            clock: SystemClock::new(),
            machine: OnceCell::new(),
            pulls: Once::new(),
            builds: Once::new(),
            installs: Once::new(),
            swept: OnceCell::new(),
        }
    }
}

#[async_trait]
impl crate::Engine for DockerEngine {
    async fn describe(&self) -> Result<EngineDescription, EngineError> {
        self.tell_about().await
    }

    async fn resolve_image(
        &self,
        image: &ImageRef,
        policy: PullPolicy,
    ) -> Result<ImageAnswer, EngineError> {
        self.resolve(image, policy).await
    }

    async fn pull_image(
        &self,
        image: &ImageRef,
        user: &RegistryUser,
    ) -> Result<ImageAnswer, EngineError> {
        self.pull_as(image, user).await
    }

    async fn export_image(&self, image: &ImageRef) -> Result<ImageArchive, EngineError> {
        self.export(image).await
    }

    async fn build_image(&self, request: &ImageBuild) -> Result<(), EngineError> {
        self.build(request).await
    }

    async fn prepare_environment(
        &self,
        request: &EnvironmentRequest,
    ) -> Result<EnvironmentLayer, EngineError> {
        self.prepare(request).await
    }

    async fn environments(&self) -> Result<Vec<EnvironmentLayer>, EngineError> {
        self.list_environments().await
    }

    async fn remove_environment(&self, key: &EnvironmentKey) -> Result<(), EngineError> {
        self.drop_environment(key).await
    }

    async fn open_sandbox(&self, request: &SandboxRequest) -> Result<Opening, EngineError> {
        self.open(request).await
    }

    async fn sandbox(&self, name: &SandboxName) -> Result<Option<SandboxStatus>, EngineError> {
        self.status(name).await
    }

    async fn close_sandbox(&self, name: &SandboxName) -> Result<(), EngineError> {
        self.close(name).await
    }

    async fn close_network(&self, name: &NetworkName) -> Result<(), EngineError> {
        self.drop_network(name).await
    }

    async fn networks(&self) -> Result<Vec<NetworkName>, EngineError> {
        self.list_networks().await
    }

    async fn connect(
        &self,
        sandbox: &SandboxName,
        port: u16,
    ) -> Result<Box<dyn Connection>, EngineError> {
        self.dial(sandbox, port).await
    }

    async fn start(&self, workload: &Workload) -> Result<(), EngineError> {
        self.begin(workload).await
    }

    async fn attend(
        &self,
        name: &WorkloadName,
        log: &Path,
        keep: Keep,
    ) -> Result<Exit, EngineError> {
        self.follow(name, log, keep).await
    }

    async fn exec(
        &self,
        workload: &WorkloadName,
        request: &ExecRequest,
    ) -> Result<Session, EngineError> {
        self.enter(workload, request).await
    }

    async fn attach(
        &self,
        workload: &WorkloadName,
        request: &AttachRequest,
    ) -> Result<Session, EngineError> {
        self.join(workload, request).await
    }

    async fn usage(&self, workload: &WorkloadName) -> Result<Usage, EngineError> {
        self.use_now(workload).await
    }

    async fn stop(&self, name: &WorkloadName, grace: Duration) -> Result<(), EngineError> {
        self.end(name, grace).await
    }

    async fn copy_out(
        &self,
        name: &WorkloadName,
        path: &str,
        destination: &Path,
    ) -> Result<bool, EngineError> {
        self.copy(name, path, destination).await
    }

    async fn remove(&self, name: &WorkloadName) -> Result<(), EngineError> {
        self.clear(name).await
    }

    async fn observe(&self) -> Result<Vec<ObservedWorkload>, EngineError> {
        self.list_workloads().await
    }

    async fn reclaim(&self, path: &Path) -> Result<(), EngineError> {
        self.give_back(path).await
    }
}
