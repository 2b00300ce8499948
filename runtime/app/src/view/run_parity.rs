//! A run here beside the same one on a cluster.

use std::collections::BTreeMap;

pub use coracle_cluster::parity::{BadTolerance, RunDifference, RunParity, Tolerance};
use coracle_model::RunId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /clusters/runs/{run}/parity`: which run here, and what may be apart.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareRuns {
    /// The run here: its id, or the beginning of it.
    pub run: String,
    /// How far values may be apart, by the names of parameters, metrics and, for their bytes, artifacts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tolerances: BTreeMap<String, Tolerance>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparedRuns {
    /// The run here.
    pub here: RunId,
    /// The run on the cluster, by its id here.
    pub there: RunId,
    /// Whether nothing is different beyond what was allowed.
    pub is_fine: bool,
    /// What is the same, and what is not.
    pub parity: RunParity,
}
