//! Recurring runs: where they stand. What they are made of is told by KFP's API.

use coracle_model::{RecurringRunId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /recurring-runs/{id}`: where a recurring run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecurringStatus {
    /// The recurring run.
    pub recurring_run_id: RecurringRunId,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The slot that is run next, which may long be over; none when there are no more.
    pub next_at: Option<Timestamp>,
    /// The slot of its last run.
    pub last_slot: Option<Timestamp>,
    /// How many runs it has begun.
    pub begun: u64,
    /// How many of them are open.
    pub open_runs: u32,
    /// Why nothing begins although a slot is over, or at all.
    pub waits_for: Option<String>,
}
