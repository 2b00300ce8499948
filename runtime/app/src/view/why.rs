//! Why a step ran, or did not have to.

use coracle_model::{RunId, TaskPath, TaskState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /runs/{run}/why?step=`: why a step ran, or was taken from an earlier run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// The run.
    pub run_id: RunId,
    /// The step.
    pub task: TaskPath,
    /// Its state.
    pub state: TaskState,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in one sentence.
    pub message: String,
}

/// The answers to why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Verdict {
    /// Its results were found in the cache.
    Cached {
        /// The run that made them; none when that run has been removed.
        from: Option<RunId>,
    },
    /// Its results were taken over by a rerun.
    TakenOver {
        /// The run they come from.
        from: RunId,
    },
    /// It ran, since something it is made of is not as it was.
    Changed {
        /// The run it was compared with: the newest one of the pipeline before it.
        before: RunId,
        /// What changed.
        changes: Vec<KeyChange>,
    },
    /// It ran, though it is made of the same as before.
    Unchanged {
        /// The run it was compared with.
        before: RunId,
        /// Why the earlier results were not used.
        reason: String,
    },
    /// It ran, since there is no earlier run of this step to compare with.
    FirstTime,
    /// It ran, since its results are never taken from the cache.
    NotCacheable {
        /// Why not.
        reason: String,
    },
    /// It has not begun, or was never to run.
    NotRun {
        /// Why not.
        reason: String,
    },
}

/// One part of what a step is found by that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyChange {
    /// Which part: ``input parameter `epochs` ``, `image digest`, `command`.
    pub part: String,
    /// What it was; none when it was not there.
    pub before: Option<String>,
    /// What it is; none when it is not there.
    pub after: Option<String>,
}
