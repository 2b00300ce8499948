//! Whether a workbench answers, and which.

use coracle_model::{EngineKind, EventCursor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// Runs that have not ended.
    pub open_runs: u64,
    /// The last event there is; who asks for those after it is told only what is to come.
    pub last_event: EventCursor,
}
