//! The trait that every engine implements.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use coracle_model::{EngineKind, EnvironmentKey, ImageRef, RegistryUser};
use serde::{Deserialize, Serialize};

use super::{
    AttachRequest, Connection, EngineError, EnvironmentLayer, EnvironmentRequest, ExecRequest,
    Exit, ImageAnswer, ImageArchive, ImageBuild, NetworkName, ObservedWorkload, Opening,
    PullPolicy, SandboxName, SandboxRequest, SandboxStatus, Session, Usage, Workload, WorkloadName,
};
use crate::log::Keep;

/// An engine that runs workloads.
///
/// Every method may be called again after a failure or a crash with the same arguments and then finishes what
/// was begun.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What answers, and what it can do.
    ///
    /// # Errors
    /// When the engine does not answer.
    async fn describe(&self) -> Result<EngineDescription, EngineError>;

    /// What an image reference stands for now, pulling it as the policy says.
    ///
    /// # Errors
    /// [`EngineError::ImageNotFound`] when it is neither here nor to be had.
    async fn resolve_image(
        &self,
        image: &ImageRef,
        policy: PullPolicy,
    ) -> Result<ImageAnswer, EngineError>;

    /// What an image reference stands for now, as a registry says to a user of its own.
    ///
    /// # Errors
    /// [`EngineError::ImageNotFound`] when it is not to be had by this user.
    async fn pull_image(
        &self,
        image: &ImageRef,
        user: &RegistryUser,
    ) -> Result<ImageAnswer, EngineError>;

    /// What an image on this machine is made of. The engine begins to write it when the first piece is asked for.
    ///
    /// # Errors
    /// [`EngineError::ImageNotFound`] when it is not here, [`EngineError::Unsupported`] where there are no images.
    async fn export_image(&self, image: &ImageRef) -> Result<ImageArchive, EngineError> {
        let message =
            format!("`{image}` cannot be read: this engine has no images; choose Docker's");
        Err(EngineError::Unsupported { message })
    }

    /// Builds an image, or what stands for it, when it is not there already. Who asks while it is being built waits for
    /// the same build.
    ///
    /// # Errors
    /// [`EngineError::BuildFailed`] with the end of the builder's output.
    async fn build_image(&self, request: &ImageBuild) -> Result<(), EngineError>;

    /// Runs an install text on top of an image and keeps the result under its key. Returns at once when the key
    /// is there already.
    ///
    /// # Errors
    /// [`EngineError::InstallFailed`] with the end of the installer's output.
    async fn prepare_environment(
        &self,
        request: &EnvironmentRequest,
    ) -> Result<EnvironmentLayer, EngineError>;

    /// The prepared environments that are kept.
    ///
    /// # Errors
    /// When the engine does not answer.
    async fn environments(&self) -> Result<Vec<EnvironmentLayer>, EngineError>;

    /// Removes a prepared environment; one that is not there is no error.
    ///
    /// # Errors
    /// When the engine refuses, for example because a workload uses it.
    async fn remove_environment(&self, key: &EnvironmentKey) -> Result<(), EngineError>;

    /// Makes the network place that workloads join, with its network, when it is not there already; one that was
    /// stopped, as by a restart of the engine, runs again afterwards. What came of it is for the caller to judge:
    /// workloads that were in a place which had to be restored are in it no more. Of one that runs, nothing is changed.
    ///
    /// # Errors
    /// [`EngineError::PortTaken`] when a port that is to be published is in use; then there is no sandbox.
    /// [`EngineError::Unsupported`] for a forwarder where [`EngineDescription::forwarder`] says that there are none.
    async fn open_sandbox(&self, request: &SandboxRequest) -> Result<Opening, EngineError>;

    /// A sandbox as it is now; none when it is not there.
    ///
    /// # Errors
    /// When the engine does not answer.
    async fn sandbox(&self, name: &SandboxName) -> Result<Option<SandboxStatus>, EngineError>;

    /// Removes a sandbox; one that is not there is no error.
    ///
    /// # Errors
    /// When the engine refuses.
    async fn close_sandbox(&self, name: &SandboxName) -> Result<(), EngineError>;

    /// Removes a network that no sandbox is on; one that is not there is no error.
    ///
    /// # Errors
    /// When a sandbox is still on it.
    async fn close_network(&self, name: &NetworkName) -> Result<(), EngineError>;

    /// The networks that sandboxes of this workbench were opened on, and that were not closed.
    ///
    /// # Errors
    /// When the engine does not answer.
    async fn networks(&self) -> Result<Vec<NetworkName>, EngineError>;

    /// A TCP connection to a port of a sandbox. Where the engine runs in a virtual machine, only the ports that the
    /// sandbox was opened with can be reached, and nobody listening may show as an early end instead.
    ///
    /// # Errors
    /// [`EngineError::NotListening`] when nobody takes the connection, [`EngineError::NoSandbox`] when there is no such
    /// sandbox or it does not run.
    async fn connect(
        &self,
        sandbox: &SandboxName,
        port: u16,
    ) -> Result<Box<dyn Connection>, EngineError>;

    /// Creates and starts a workload, when it is not there already.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when the engine will not have it, with the engine's reason.
    async fn start(&self, workload: &Workload) -> Result<(), EngineError>;

    /// Writes a workload's output to `log` (see [`crate::log`]) from its beginning to its end, and returns how it
    /// ended. Cancel-safe: dropping the future leaves the workload alone. Attending again begins a log that is kept whole
    /// anew, and goes on with one of which the end is kept. `keep` is what the workload was started with.
    ///
    /// # Errors
    /// [`EngineError::Gone`] when the engine knows no such workload: never taken for a success.
    async fn attend(
        &self,
        name: &WorkloadName,
        log: &Path,
        keep: Keep,
    ) -> Result<Exit, EngineError>;

    /// Runs a further program in a running workload, with what the workload sees.
    ///
    /// # Errors
    /// [`EngineError::NotExecuted`] when there is no such program, or it cannot run, [`EngineError::NotRunning`] when the
    /// workload has ended, [`EngineError::Gone`] when there is none.
    async fn exec(
        &self,
        workload: &WorkloadName,
        request: &ExecRequest,
    ) -> Result<Session, EngineError>;

    /// Joins the program of a running workload: what it writes from now on, and what it reads where it was started with
    /// an open standard input.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`] when the workload has ended, [`EngineError::Gone`] when there is none.
    async fn attach(
        &self,
        workload: &WorkloadName,
        request: &AttachRequest,
    ) -> Result<Session, EngineError>;

    /// What a running workload uses.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`] when the workload has ended, [`EngineError::Gone`] when there is none.
    async fn usage(&self, workload: &WorkloadName) -> Result<Usage, EngineError>;

    /// Ends a workload with everything it started: politely, and by force once `grace` is over.
    ///
    /// # Errors
    /// When the engine does not answer. A workload that is not there is no error.
    async fn stop(&self, name: &WorkloadName, grace: Duration) -> Result<(), EngineError>;

    /// Copies a file or directory out of an ended workload to `destination`, which does not exist yet; links that
    /// lead out of it are not followed. `Ok(false)` when there is nothing at `path`.
    ///
    /// # Errors
    /// When the engine holds no such workload, or the copy cannot be written.
    async fn copy_out(
        &self,
        name: &WorkloadName,
        path: &str,
        destination: &Path,
    ) -> Result<bool, EngineError>;

    /// Removes an ended workload; one that is not there is no error.
    ///
    /// # Errors
    /// When the engine refuses.
    async fn remove(&self, name: &WorkloadName) -> Result<(), EngineError>;

    /// Everything this engine holds for the workbench whose `owner` label this is.
    ///
    /// # Errors
    /// When the engine does not answer.
    async fn observe(&self) -> Result<Vec<ObservedWorkload>, EngineError>;

    /// Gives files below `path` that workloads wrote as another user to the user who runs the workbench.
    ///
    /// # Errors
    /// When it cannot be done; the files stay readable as they were.
    async fn reclaim(&self, path: &Path) -> Result<(), EngineError>;
}

/// What an engine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineDescription {
    /// Which kind.
    pub kind: EngineKind,
    /// One line for people: `Docker 28.1 at /var/run/docker.sock`.
    pub summary: String,
    /// Whether workloads are kept apart from the machine and from each other.
    pub isolates: bool,
    /// Whether workloads can be given GPUs.
    pub gpus: bool,
    /// The address under which workloads reach the workbench's machine, when it differs from loopback.
    pub workbench_address: Option<IpAddr>,
    /// The image of the forwarders that sandboxes can run; none where they cannot. Another image is another version.
    pub forwarder: Option<ImageRef>,
}
