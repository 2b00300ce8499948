//! What every engine offers, in the workbench's words.
//!
//! A workload is one container or process tree. Its [`WorkloadName`] is chosen by the caller and is the key
//! to everything: starting the same name twice starts one workload, and after a crash the name tells what an
//! engine still holds. Nothing is ever removed by itself: the caller removes a workload once its exit,
//! logs and outputs are recorded.
//!
//! ```text
//!   start ──► running ──► attend (log to the end, then the exit) ──► remove
//!               │ stop (polite, then by force) ▲
//!               └──────────────────────────────┘
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use coracle_model::{
    AttemptUsage, Cpu, EngineKind, EnvironmentKey, Failure, GpuUuid, ImageDigest, ImageRef, Memory,
    Timestamp,
};
use serde::{Deserialize, Serialize};

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

    /// Makes the network place that workloads join, when it is not there already.
    ///
    /// # Errors
    /// When the engine refuses.
    async fn open_sandbox(&self, request: &SandboxRequest) -> Result<(), EngineError>;

    /// Removes a sandbox; one that is not there is no error.
    ///
    /// # Errors
    /// When the engine refuses.
    async fn close_sandbox(&self, name: &SandboxName) -> Result<(), EngineError>;

    /// Creates and starts a workload, when it is not there already.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when the engine will not have it, with the engine's reason.
    async fn start(&self, workload: &Workload) -> Result<(), EngineError>;

    /// Writes a workload's output to `log` (see [`crate::log`]) from its beginning to its end, and returns how it
    /// ended. Cancel-safe: dropping the future leaves the workload alone, and attending again begins the log anew.
    ///
    /// # Errors
    /// [`EngineError::Gone`] when the engine knows no such workload: never taken for a success.
    async fn attend(&self, name: &WorkloadName, log: &Path) -> Result<Exit, EngineError>;

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
    pub workbench_address: Option<std::net::IpAddr>,
}

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullPolicy {
    /// Always ask the registry; the local image serves when there is no answer and says so.
    Always,
    /// Never; a missing image is a failure.
    Never,
    /// When it is not on the machine.
    IfNotPresent,
}

/// What an image reference stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageAnswer {
    /// The content id.
    pub digest: ImageDigest,
    /// Something worth telling, such as an image that could not be refreshed.
    pub notice: Option<String>,
}

/// An environment to prepare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRequest {
    /// Its key.
    pub key: EnvironmentKey,
    /// The image it stands on, as written.
    pub base: ImageRef,
    /// What that image is.
    pub base_digest: ImageDigest,
    /// The shell text that installs, run as `sh -c TEXT`.
    pub install: String,
    /// Variables for the installer: index settings.
    pub environment: BTreeMap<String, String>,
    /// Where the installer's output goes.
    pub log: PathBuf,
}

/// A prepared environment that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentLayer {
    /// Its key.
    pub key: EnvironmentKey,
    /// The image it stands on, as written.
    pub base: String,
    /// The text that was run.
    pub install: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it takes on disk, in bytes, over its base.
    pub size_bytes: u64,
}

/// The name of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SandboxName(pub String);

/// A network place that workloads join: what Kubernetes' pause container is to a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxRequest {
    /// Its name.
    pub name: SandboxName,
    /// The names under which others on the workbench's network find it.
    pub aliases: Vec<String>,
    /// Extra names that resolve inside to the workbench's machine.
    pub workbench_names: Vec<String>,
    /// Labels to find it by.
    pub labels: BTreeMap<String, String>,
}

/// The name of a workload; unique on the machine, in letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkloadName(pub String);

impl fmt::Display for WorkloadName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a workload is started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkloadImage {
    /// An image as it is.
    Plain {
        /// The reference, as written.
        image: ImageRef,
        /// What it is.
        digest: ImageDigest,
    },
    /// A prepared environment.
    Prepared(EnvironmentKey),
}

/// One container or process tree to run, fully decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Its name.
    pub name: WorkloadName,
    /// Labels to find it by.
    pub labels: BTreeMap<String, String>,
    /// What it is started from.
    pub image: WorkloadImage,
    /// Replaces the image's entry point, as Kubernetes' `command` does, when not empty; the image's own default
    /// arguments then do not apply either.
    pub command: Vec<String>,
    /// The arguments. Given alone, they follow the image's own entry point.
    pub args: Vec<String>,
    /// Environment variables, added to the image's own.
    pub environment: BTreeMap<String, String>,
    /// What it sees of the machine's files.
    pub mounts: Vec<Mount>,
    /// The directory for the workload's own files on the machine: process state, logs of its supervisor.
    pub directory: PathBuf,
    /// CPU it may not go over.
    pub cpu_limit: Option<Cpu>,
    /// Memory it may not go over; more ends it.
    pub memory_limit: Option<Memory>,
    /// The GPUs leased to it.
    pub gpus: Vec<GpuUuid>,
    /// The size of `/dev/shm`, when not the engine's default.
    pub shared_memory: Option<Memory>,
    /// The user to run as (`uid` or `uid:gid`), when not the image's.
    pub user: Option<String>,
    /// The sandbox whose network it joins.
    pub sandbox: Option<SandboxName>,
}

/// Something mounted into a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What.
    pub source: MountSource,
    /// The absolute path inside.
    pub target: String,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MountSource {
    /// A directory or file of the machine; it must exist.
    Host(PathBuf),
    /// An empty directory in memory.
    Memory {
        /// The most it may hold.
        limit: Option<Memory>,
    },
}

/// How a workload ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code; 128 + n when signal n ended it.
    pub code: i64,
    /// Whether the kernel ended it for its memory.
    pub out_of_memory: bool,
    /// When it began, by the engine.
    pub started_at: Option<Timestamp>,
    /// When it ended, by the engine.
    pub finished_at: Option<Timestamp>,
    /// What it used.
    pub usage: AttemptUsage,
}

/// Where a workload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Made but not begun.
    Created,
    /// At work.
    Running,
    /// Ended.
    Exited,
}

/// A workload that the engine holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedWorkload {
    /// Its name.
    pub name: WorkloadName,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Where it stands.
    pub phase: Phase,
}

/// Why an engine could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// Nobody answers, or the connection broke.
    #[error("the {engine} engine does not answer: {message}")]
    Unavailable {
        /// Which engine.
        engine: &'static str,
        /// What the connection said.
        message: String,
    },
    /// The image is neither here nor to be had.
    #[error("image `{image}` is not on this machine and cannot be pulled: {message}")]
    ImageNotFound {
        /// The reference.
        image: String,
        /// What the registry or the engine said.
        message: String,
    },
    /// The installer of an environment failed.
    #[error("failed to prepare the environment on `{base}`: {message}")]
    InstallFailed {
        /// The image it stands on.
        base: String,
        /// The end of its output.
        message: String,
    },
    /// No such workload.
    #[error("the engine holds no workload `{name}`")]
    Gone {
        /// The name.
        name: WorkloadName,
    },
    /// The workload was there and ended without anybody to tell how.
    #[error("lost sight of `{name}`: {message}")]
    Lost {
        /// The name.
        name: WorkloadName,
        /// What became of it.
        message: String,
    },
    /// The disk is full.
    #[error("no room is left on the disk: {message}")]
    DiskFull {
        /// What was being written.
        message: String,
    },
    /// The engine cannot do this at all.
    #[error("{message}")]
    Unsupported {
        /// What, and which engine can.
        message: String,
    },
    /// The engine refused.
    #[error("failed to {action}: {message}")]
    Refused {
        /// What was asked.
        action: String,
        /// The engine's reason.
        message: String,
    },
}

impl EngineError {
    /// What a file that cannot be read or written means for what was asked.
    pub(crate) fn of_file(action: impl Into<String>, error: &std::io::Error) -> Self {
        let message = error.to_string();
        if matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        ) {
            Self::DiskFull { message }
        } else {
            Self::Refused {
                action: action.into(),
                message,
            }
        }
    }

    /// The failure a user sees, with its named reason and what to try.
    pub fn to_failure(&self) -> Failure {
        use coracle_model::FailureCode as Code;
        let failure = |code| Failure::new(code, self.to_string());
        match self {
            Self::Unavailable { .. } => failure(Code::EngineUnavailable)
                .with_hint("start the engine again; `coracle doctor` shows what was tried"),
            Self::ImageNotFound { image, .. } => failure(Code::ImageNotFound).with_hint(format!(
                "check the name, run `docker pull {image}`, or build it under that name"
            )),
            Self::InstallFailed { .. } => {
                failure(Code::StartRefused).with_hint("check the package names and the network")
            }
            Self::Gone { .. } => failure(Code::EngineUnavailable)
                .with_hint("something removed the container while it ran; run the step again"),
            Self::Lost { .. } => failure(Code::EngineUnavailable).with_hint("run the step again"),
            Self::DiskFull { .. } => {
                failure(Code::DiskFull).with_hint("`coracle gc --dry-run` shows what can be freed")
            }
            Self::Unsupported { .. } => failure(Code::Unsupported),
            Self::Refused { .. } => failure(Code::StartRefused),
        }
    }
}
