//! Tasks and the attempts made at them.

use std::collections::BTreeMap;

use coracle_model::{
    AttemptNumber, AttemptUsage, EnvironmentKey, Failure, Fingerprint, GpuUuid, Resources,
    TaskKind, TaskPath, TaskState, Timestamp, Value,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Artifact;

/// `GET /runs/{run}/tasks`: all tasks of a run, in the order in which they began, the run's own DAG first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskList {
    /// The tasks.
    pub tasks: Vec<Task>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Where in the run; empty for the run's own DAG.
    pub path: TaskPath,
    /// What it is made of.
    pub kind: TaskKind,
    /// The name people see.
    pub display_name: String,
    /// Its state.
    pub state: TaskState,
    /// Whether its outputs were taken from an earlier run.
    pub cached: bool,
    /// Why it failed, was skipped or waits.
    pub reason: Option<Failure>,
    /// Resolved inputs, once it has begun.
    pub inputs: Outputs,
    /// Outputs, once it has succeeded.
    pub outputs: Outputs,
    /// What its results are found by in the cache.
    pub fingerprint: Option<Fingerprint>,
    /// The attempts made at it, first to last; none for what runs no container.
    pub attempts: Vec<Attempt>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// Parameters and artifacts by name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Outputs {
    /// Parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Artifacts; several where it is a list.
    pub artifacts: BTreeMap<String, Vec<Artifact>>,
}

/// One attempt at a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Which, from 1.
    pub number: AttemptNumber,
    /// Running, succeeded, failed or canceled.
    pub state: TaskState,
    /// The image as the definition names it.
    pub image: String,
    /// What that image was.
    pub image_digest: String,
    /// The resolved command and arguments.
    pub command: Vec<String>,
    /// The environment variables it was given; secrets' values are left out.
    pub environment: BTreeMap<String, String>,
    /// The prepared environment that it was started from instead of the image.
    #[serde(default)]
    pub prepared_environment: Option<EnvironmentKey>,
    /// What it asked of the machine: CPU in thousandths, memory in bytes.
    pub resources: Resources,
    /// The GPUs leased to it.
    pub gpus: Vec<GpuUuid>,
    /// What it used of the machine.
    pub usage: AttemptUsage,
    /// The exit code, once it ended by itself.
    pub exit_code: Option<i64>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Whether the run was retried after it.
    pub before_retry: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}
