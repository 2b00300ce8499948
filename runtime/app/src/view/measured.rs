//! What the steps of a pipeline were measured to use.

use coracle_model::{Cpu, Memory, Resources, TaskPath};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of `GET /measured-resources`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MeasuredResourcesQuery {
    /// The pipeline, by the name that its definition gives it.
    pub pipeline: String,
}

/// `GET /measured-resources?pipeline=`: what the steps of a pipeline used in its newest runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeasuredResources {
    /// How many runs they were measured in.
    pub runs: usize,
    /// The steps, in the order of their paths.
    pub steps: Vec<MeasuredStep>,
}

/// What one step used, in all iterations and attempts that succeeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeasuredStep {
    /// Where in the pipeline; all iterations of a loop are one.
    pub task: TaskPath,
    /// How many attempts were measured.
    pub attempts: u32,
    /// The most memory that any held at once, in bytes, where the engine could tell.
    pub peak_memory: Option<Memory>,
    /// The most CPU that any used over its whole time, in thousandths of a core, where the engine could tell.
    pub mean_cpu: Option<Cpu>,
    /// What it asked for, the last time.
    pub asked: Resources,
    /// What to ask for where others share the machine: 15 % over what was measured, and half as much memory again as its limit.
    pub suggested: Resources,
}
