//! The second document, `platforms.kubernetes`: what KFP adds to a step's pod, in its checked form.

use std::collections::BTreeMap;

use coracle_model::ExecutorLabel;

use super::ir::{EnvironmentVariable, ParameterSource, ResourceRequest};

/// Everything the Kubernetes document says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlatformSpec {
    /// By executor.
    pub steps: BTreeMap<ExecutorLabel, StepPlatform>,
    /// For the whole pipeline.
    pub pipeline: PipelinePlatform,
}

/// Settings of a whole pipeline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PipelinePlatform {
    /// A volume of the run's own at `/kfp-workspace`.
    pub workspace: Option<Workspace>,
    /// Seconds after which the run is stopped.
    pub active_deadline_seconds: Option<u64>,
    /// Cluster-only fields that are present, by name; kept, ignored, and named in a warning.
    pub ignored: Vec<String>,
}

/// A run's own volume.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workspace {
    /// The size asked for; informational on one machine.
    pub size: String,
}

/// A value that is resolved in the DAG where the task stands. Null skips the entry it belongs to.
pub type InputParameter = ParameterSource;

/// Settings of one executor's pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepPlatform {
    /// Secrets as files.
    pub secret_volumes: Vec<ConfigVolume>,
    /// Secrets as environment variables.
    pub secret_variables: Vec<ConfigSource>,
    /// Config maps as files.
    pub config_map_volumes: Vec<ConfigVolume>,
    /// Config maps as environment variables.
    pub config_map_variables: Vec<ConfigSource>,
    /// Persistent volume claims.
    pub volume_mounts: Vec<VolumeMount>,
    /// Labels of the pod.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the pod.
    pub annotations: BTreeMap<String, String>,
    /// When the image is pulled.
    pub pull_policy: Option<PullPolicy>,
    /// Variables that hold fields of the pod.
    pub field_paths: Vec<FieldPathVariable>,
    /// Seconds after which an attempt is stopped.
    pub active_deadline_seconds: Option<u64>,
    /// Volumes that live as long as the attempt and are asked for by size.
    pub ephemeral_volumes: Vec<EphemeralVolume>,
    /// Empty directories.
    pub empty_dirs: Vec<EmptyDir>,
    /// `/dev/shm`.
    pub shared_memory: Option<SharedMemory>,
    /// The user the step runs as.
    pub security: PodSecurity,
    /// Containers that run to their end before the step.
    pub init_containers: Vec<InitContainer>,
    /// Cluster-only fields that are present, by name (`tolerations`, `nodeSelector`, ...); kept, ignored, and
    /// named in a warning.
    pub ignored: Vec<String>,
}

/// A secret or config map mounted as files.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigVolume {
    /// Its name.
    pub name: InputParameter,
    /// Where it is mounted.
    pub mount_path: String,
    /// Whether it may be missing.
    pub optional: bool,
}

/// A secret or config map whose keys become environment variables.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigSource {
    /// Its name.
    pub name: InputParameter,
    /// Which key becomes which variable.
    pub keys: Vec<KeyToVariable>,
    /// Whether it may be missing.
    pub optional: bool,
}

/// One key of a secret or config map and the variable it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyToVariable {
    /// The key.
    pub key: String,
    /// The variable.
    pub variable: String,
}

/// A persistent volume claim mounted into a step.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeMount {
    /// The claim's name.
    pub claim: InputParameter,
    /// Where it is mounted.
    pub mount_path: String,
    /// The directory inside the volume that is mounted; empty for the whole.
    pub sub_path: String,
}

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPolicy {
    /// Before every attempt.
    Always,
    /// Never; a missing image is a failure.
    Never,
    /// When it is not on the machine.
    IfNotPresent,
}

/// An environment variable that holds a field of the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPathVariable {
    /// The variable.
    pub variable: String,
    /// `metadata.name`, `metadata.labels['x']` and so on.
    pub field_path: String,
}

/// A volume that lives as long as the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EphemeralVolume {
    /// Its name in the pod.
    pub name: String,
    /// Where it is mounted.
    pub mount_path: String,
    /// The size asked for; informational on one machine.
    pub size: String,
}

/// An empty directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmptyDir {
    /// Its name in the pod.
    pub name: String,
    /// Where it is mounted.
    pub mount_path: String,
    /// Whether it lives in memory.
    pub in_memory: bool,
    /// The most it may hold, as a Kubernetes quantity.
    pub size_limit: Option<String>,
}

/// `/dev/shm`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedMemory {
    /// Its size, as a Kubernetes quantity; none for the engine's default.
    pub size: Option<String>,
}

/// The user a step runs as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodSecurity {
    /// User id.
    pub run_as_user: Option<i64>,
    /// Group id.
    pub run_as_group: Option<i64>,
    /// Whether user 0 is refused.
    pub run_as_non_root: bool,
}

/// A container that runs to its end before the step.
#[derive(Debug, Clone, PartialEq)]
pub struct InitContainer {
    /// Its name in the pod.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Replaces the image's entry point when not empty.
    pub command: Vec<String>,
    /// The arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<EnvironmentVariable>,
    /// Volumes of the pod it mounts: name and path.
    pub volume_mounts: Vec<(String, String)>,
    /// `Always` makes it a side car that runs beside the step.
    pub restart_policy: Option<String>,
    /// What it asks of the machine.
    pub resources: ResourceRequest,
}
