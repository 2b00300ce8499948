//! What is remembered of runs, tasks and attempts.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Artifact, EnvironmentKey, ExperimentId, Failure, Fingerprint, GpuUuid, ImageDigest,
    PipelineName, RecurringRunId, RemoteState, Resources, RunId, RunState, StorageState, TaskPath,
    TaskState, Value, VersionRef,
};

/// Which engine a run's steps run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EngineKind {
    /// Containers, through Docker's API.
    Docker,
    /// Processes of this machine, which isolates nothing.
    Process,
    /// The scripted engine of tests.
    Fake,
}

impl EngineKind {
    /// The word that settings and outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Process => "process",
            Self::Fake => "fake",
        }
    }
}

impl std::str::FromStr for EngineKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Docker, Self::Process, Self::Fake]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not an engine"))
    }
}

/// What somebody asked for: a pipeline to run, as it was written, and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    /// The definition, byte for byte.
    pub definition: String,
    /// The name people see.
    pub display_name: String,
    /// Values for the pipeline's parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Where artifacts go instead of the default root, as a URI.
    pub pipeline_root: Option<String>,
    /// Whether cached results may be used; off for the whole run when false.
    pub cache: bool,
    /// A finished run and a task path in it: everything before that task is taken over from that run.
    #[serde(default)]
    pub rerun: Option<(RunId, TaskPath)>,
    /// Where it comes from and where it belongs.
    #[serde(default)]
    pub origin: RunOrigin,
}

/// Where a run comes from and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOrigin {
    /// What the run is for.
    pub description: String,
    /// The experiment it is in; the default one when there is none.
    pub experiment: Option<ExperimentId>,
    /// The version of an uploaded pipeline that it is made of.
    pub version: Option<VersionRef>,
    /// The recurring run that began it.
    pub recurring: Option<RecurringRunId>,
    /// The time it was made for; that of its slot when a recurring run began it.
    pub scheduled_at: Option<Timestamp>,
    /// Which run of its recurring run it is, from 1.
    pub index: Option<u64>,
    /// The account that it would have on a cluster.
    pub service_account: Option<String>,
    /// Where it ran, when it was brought here after its end.
    pub brought: Option<BroughtFrom>,
}

/// Where a run that was brought here had run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BroughtFrom {
    /// The server or the cluster: a URL, or a context.
    pub place: String,
    /// What it is asked for by there: its id, or the name of its workflow.
    pub name: String,
    /// How it ended there.
    pub state: RemoteState,
    /// When it was brought here.
    pub at: Timestamp,
}

/// A run as it is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// `pipelineInfo.name`.
    pub pipeline: PipelineName,
    /// What was asked for.
    pub request: RunRequest,
    /// The engine it runs on.
    pub engine: EngineKind,
    /// Its state.
    pub state: RunState,
    /// Why it failed, once it has.
    pub failure: Option<Failure>,
    /// Whether it was put aside.
    pub storage: StorageState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// What a task is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TaskKind {
    /// The run's own DAG, a nested pipeline, a condition or an exit handler's body.
    Dag,
    /// A loop; its children are its iterations.
    Loop,
    /// One iteration of a loop.
    Iteration,
    /// A step that runs a container.
    Container,
    /// An importer: records an artifact, runs nothing.
    Importer,
    /// Makes a persistent volume claim.
    CreateVolume,
    /// Removes a persistent volume claim.
    DeleteVolume,
}

impl TaskKind {
    /// Whether a task's artifacts are its own. DAGs and loops hand on those of the tasks in them.
    pub fn makes_artifacts(self) -> bool {
        match self {
            Self::Container | Self::Importer => true,
            Self::Dag | Self::Loop | Self::Iteration | Self::CreateVolume | Self::DeleteVolume => {
                false
            }
        }
    }

    /// Whether something is carried out for the task itself. DAGs and loops are made of other tasks.
    pub fn is_step(self) -> bool {
        match self {
            Self::Container | Self::Importer | Self::CreateVolume | Self::DeleteVolume => true,
            Self::Dag | Self::Loop | Self::Iteration => false,
        }
    }

    /// The word that the store and outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dag => "dag",
            Self::Loop => "loop",
            Self::Iteration => "iteration",
            Self::Container => "container",
            Self::Importer => "importer",
            Self::CreateVolume => "create_volume",
            Self::DeleteVolume => "delete_volume",
        }
    }
}

impl std::str::FromStr for TaskKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        use TaskKind::{Container, CreateVolume, Dag, DeleteVolume, Importer, Iteration, Loop};
        [
            Dag,
            Loop,
            Iteration,
            Container,
            Importer,
            CreateVolume,
            DeleteVolume,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| format!("`{text}` is not a kind of task"))
    }
}

/// What a task produced, by output name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Outputs {
    /// Parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Artifacts; more than one where the output is a list.
    pub artifacts: BTreeMap<String, Vec<Artifact>>,
}

/// A task of a run as it is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// The run.
    pub run: RunId,
    /// Where in the run.
    pub path: TaskPath,
    /// What it is made of.
    pub kind: TaskKind,
    /// The name people see.
    pub display_name: String,
    /// Its state.
    pub state: TaskState,
    /// Whether its outputs were taken from the cache.
    pub cached: bool,
    /// Why it failed, was skipped or is waiting.
    pub reason: Option<Failure>,
    /// Resolved inputs, once it has begun.
    pub inputs: Outputs,
    /// Outputs, once it has succeeded.
    pub outputs: Outputs,
    /// What a cached step is found by, once it is known.
    pub fingerprint: Option<Fingerprint>,
    /// When its first attempt or child began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// The count of an attempt at a task, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptNumber(pub u32);

impl fmt::Display for AttemptNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What an attempt used of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptUsage {
    /// The most memory it held at once, in bytes, where the engine could tell.
    pub peak_memory_bytes: Option<u64>,
    /// CPU time, in seconds, where the engine could tell.
    pub cpu_seconds: Option<f64>,
}

/// What an attempt was given beside its image and its command. What secrets hold is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AttemptSetting {
    /// The prepared environment that it was started from instead of the image.
    pub prepared: Option<EnvironmentKey>,
    /// Variables whose values stand in secrets and config maps.
    pub variables: Vec<SecretVariable>,
    /// Secrets, config maps and volume claims that it found as files.
    pub volumes: Vec<StoredVolume>,
}

/// A variable whose value is looked up when the attempt starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretVariable {
    /// The variable.
    pub variable: String,
    /// Whether it is a secret, which must not be recorded, or a config map.
    pub secret: bool,
    /// The name of the secret or config map.
    pub name: String,
    /// The key in it.
    pub key: String,
    /// Whether the step starts without it when it is missing.
    pub optional: bool,
}

/// Something that is kept under a name and found as files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVolume {
    /// What it is.
    pub source: StoredVolumeSource,
    /// Where it is found.
    pub target: String,
}

/// What is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredVolumeSource {
    /// The keys of a secret.
    Secret {
        /// Its name.
        name: String,
        /// Whether the step starts without it when it is missing.
        optional: bool,
    },
    /// The keys of a config map.
    ConfigMap {
        /// Its name.
        name: String,
        /// Whether the step starts without it when it is missing.
        optional: bool,
    },
    /// A persistent volume claim.
    Claim {
        /// Its name.
        name: String,
        /// The directory in it.
        sub_path: String,
    },
}

/// One attempt at a step as it is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The run.
    pub run: RunId,
    /// The task.
    pub path: TaskPath,
    /// Which attempt.
    pub number: AttemptNumber,
    /// Its state: running, succeeded, failed or canceled.
    pub state: TaskState,
    /// The image as the definition names it.
    pub image: String,
    /// What that image was.
    pub digest: ImageDigest,
    /// The resolved command and arguments.
    pub command: Vec<String>,
    /// The environment variables given, secrets' values left out.
    pub environment: BTreeMap<String, String>,
    /// What else it was given.
    pub setting: AttemptSetting,
    /// What it asked of the machine.
    pub resources: Resources,
    /// The GPUs leased to it.
    pub gpus: Vec<GpuUuid>,
    /// What it used of the machine.
    pub usage: AttemptUsage,
    /// The exit code, once it ended by itself.
    pub exit_code: Option<i64>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Whether the run was retried after it, so that it no longer counts against the step's retries.
    pub before_retry: bool,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}
