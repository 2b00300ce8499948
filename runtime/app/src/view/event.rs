//! What happened, as it is streamed.

use coracle_model::{EventCursor, EventKind, RunId, Timestamp};
use serde::{Deserialize, Serialize};

/// One event of `GET /events`. Its cursor is the server-sent event's `id` too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the log; a reader that gives its last one gets what came after.
    pub cursor: EventCursor,
    /// When it was recorded.
    pub at: Timestamp,
    /// The run it is about.
    pub run_id: RunId,
    /// What happened, told apart by its `type`: `run`, `task`, `attempt`, `metrics` or `notice`.
    pub what: EventKind,
}
