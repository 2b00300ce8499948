//! Runs, in a list and one by one.

use std::collections::BTreeMap;

use coracle_model::{
    EngineKind, Failure, PipelineName, RunId, RunState, TaskPath, Timestamp, Value,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Outputs;

/// The query of `GET /runs`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RunQuery {
    /// Only runs in one of these states, separated by commas: `RUNNING,PENDING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only runs of this pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// Only runs older than this one: the `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<RunId>,
    /// How many at most, from 1 to 1000; 100 when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// `GET /runs`: runs, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunList {
    /// The runs.
    pub runs: Vec<RunSummary>,
    /// What to give as `before` for the next page; none on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RunId>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// Its id.
    pub run_id: RunId,
    /// The name of its pipeline.
    pub pipeline: PipelineName,
    /// The name people see.
    pub display_name: String,
    /// Its state.
    pub state: RunState,
    /// The engine it runs on.
    pub engine: EngineKind,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// `GET /runs/{run}`: one run. Its tasks are `GET /runs/{run}/tasks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its id.
    pub run_id: RunId,
    /// The name of its pipeline.
    pub pipeline: PipelineName,
    /// The name people see.
    pub display_name: String,
    /// Its state.
    pub state: RunState,
    /// The engine it runs on.
    pub engine: EngineKind,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its first step began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The parameters it was given; defaults are not among them.
    pub parameters: BTreeMap<String, Value>,
    /// Where its artifacts go, when not to the default root.
    pub pipeline_root: Option<String>,
    /// Whether it may use results of earlier runs.
    pub cache: bool,
    /// The run it took results over from, and the step it began with.
    pub rerun_of: Option<(RunId, TaskPath)>,
    /// The pipeline's own outputs.
    pub outputs: Outputs,
    /// What the user should know: ignored fields, an engine without isolation.
    pub notices: Vec<Notice>,
    /// The steps that wait for room on the machine.
    pub waiting: Vec<Waiting>,
}

/// Something the user should know that is no failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// When it was noticed.
    pub at: Timestamp,
    /// The task it is about, when it is about one.
    pub task: Option<TaskPath>,
    /// What to know.
    pub message: String,
}

/// A step that waits for room on the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// The step.
    pub task: TaskPath,
    /// For what: `needs 4 GiB of memory, 2.1 GiB free`.
    pub reason: String,
}
