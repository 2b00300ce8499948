//! Whether a workbench answers, and which.

use coracle_model::{EngineKind, EventCursor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether workloads can use GPUs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GpuCheck {
    /// How far it is known.
    pub state: GpuCheckState,
    /// What was seen, or why it is not known.
    pub message: String,
}

/// How far it is known whether workloads can use GPUs. What this machine's driver says is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GpuCheckState {
    /// No workload has looked yet.
    Pending,
    /// A workload that was given them has seen them.
    Verified,
    /// A workload that was given them has not seen them, or could not be run.
    NotVerified,
}

/// `GET /apis/coracle/v1/health`: answered as soon as the workbench listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// The version of the program.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// The engine, once one is chosen.
    pub engine: Option<EngineKind>,
    /// One line about the engine: which and why, or that it is still being looked for.
    pub engine_summary: String,
    /// Whether steps and pods can use this machine's GPUs; none where there are none to give.
    pub gpus: Option<GpuCheck>,
    /// After how many seconds without use a notebook is stopped; none where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notebook_idle_seconds: Option<u64>,
    /// Runs that have not ended.
    pub open_runs: u64,
    /// The last event there is; who asks for those after it is told only what is to come.
    pub last_event: EventCursor,
}
