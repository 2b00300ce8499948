//! How a run ended, in the form that scripts rely on: `coracle run -o json` prints it as it is.

use std::collections::BTreeMap;

use coracle_model::{RunId, RunState, TaskPath, TaskState, Timestamp, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /runs/{run}/result`: a run with its steps, loops and DAGs, whether or not it is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunResult {
    /// The run.
    pub run_id: RunId,
    /// Its state.
    pub state: RunState,
    /// The pipeline's own outputs: parameters' values and artifacts' URIs by name.
    pub outputs: BTreeMap<String, Value>,
    /// Its tasks in the order in which they began; the run's own DAG and loops' iterations are not among them.
    pub tasks: Vec<ResultTask>,
}

/// One task of a [`RunResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultTask {
    /// Its path in the run: `for-loop-1[0]/train`.
    pub name: TaskPath,
    /// Its state.
    pub state: TaskState,
    /// Whether its outputs were taken from an earlier run.
    pub cached: bool,
    /// How many attempts were made at it; 0 for loops, DAGs and cached steps.
    pub attempts: usize,
    /// Why it failed, was skipped or waits: the reason's name, a colon, and what happened.
    pub reason: Option<String>,
    /// Parameters' values and artifacts' URIs by name; a list of URIs where the output is a list.
    pub outputs: BTreeMap<String, Value>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}
