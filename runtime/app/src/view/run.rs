//! Runs, in a list and one by one.

use std::collections::BTreeMap;

use coracle_model::{
    BroughtFrom, EngineKind, ExperimentId, Failure, PipelineName, RecurringRunId, RunId, RunState,
    TaskPath, Timestamp, Value,
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
    /// Only runs in this experiment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub experiment: Option<ExperimentId>,
    /// Only runs that this recurring run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub recurring: Option<RecurringRunId>,
    /// Only runs that were put aside, or only those that were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Only runs with every word of this in their name or their pipeline's, or at the beginning of their id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// By what they are sorted: `created`, `finished`, `took`, `name`, `state`, `pipeline`, `experiment`, `recurring`,
    /// `parameters.NAME` or `metrics.NAME`, with `-` before it for the greatest first. `-created` when it is left out. What
    /// has no value is last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Whether each run comes with its parameters, its metrics and how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<bool>,
    /// Only runs older than this one: the `next` of the page before, where they are not sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<RunId>,
    /// How many runs to pass over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// How many at most, from 1 to 1000; 100 when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// `GET /runs`: runs, newest first unless another order is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunList {
    /// The runs.
    pub runs: Vec<RunSummary>,
    /// How many there are on all pages.
    #[serde(default)]
    pub total: u64,
    /// What to give as `before` for the next page; none on the last one, and where another order was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RunId>,
}

/// `GET /run-fields`: what there is among all runs to filter and sort by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunFields {
    /// The names of the pipelines.
    pub pipelines: Vec<String>,
    /// The names of parameters that any had.
    pub parameters: Vec<String>,
    /// The names of metrics that any left.
    pub metrics: Vec<String>,
}

/// What a run belongs to. The name is none once that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunOwner {
    /// Its id.
    pub id: String,
    /// The name people see.
    pub name: Option<String>,
}

/// What a run was given and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunValues {
    /// The parameters it was given, and once it has begun also the defaults that it took.
    pub parameters: BTreeMap<String, Value>,
    /// The numbers of its `system.Metrics`; of equal names the last one.
    pub metrics: BTreeMap<String, f64>,
    /// Its steps so far.
    pub steps: u64,
    /// Those of them that are over.
    pub steps_over: u64,
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
    /// Whether it was put aside.
    #[serde(default)]
    pub archived: bool,
    /// The experiment that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<RunOwner>,
    /// The recurring run that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurring: Option<RunOwner>,
    /// What it was given and what came of it, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<RunValues>,
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
    /// Where it ran, when it was brought here after its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought: Option<BroughtFrom>,
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
