//! What happened, as it is streamed.

use coracle_model::{EventCursor, EventKind, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{LogLine, StreamCursor};

/// The query of `GET /events`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct EventQuery {
    /// Only about this run: its id, or the beginning of one that is unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Only what comes after this place: the `id` of a message, or the number of an event. All when it is left out.
    #[param(value_type = Option<String>)]
    pub after: StreamCursor,
    /// Whether the lines that steps write come too. Only together with `run`.
    pub logs: bool,
}

/// One event of `GET /events`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its place in the log of events.
    pub cursor: EventCursor,
    /// When it was recorded.
    pub at: Timestamp,
    /// The run it is about.
    pub run_id: RunId,
    /// What happened, told apart by its `type`: `run`, `task`, `attempt`, `metrics` or `notice`.
    pub what: EventKind,
}

/// A line that a step wrote, among the events of its run: after the one that tells of the attempt's beginning, and
/// before the one that tells of its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogEvent {
    /// The place of the event before it.
    pub cursor: EventCursor,
    /// When the beginning of the line arrived.
    pub at: Timestamp,
    /// The run it is about.
    pub run_id: RunId,
    /// The line, with the `type` `log`.
    pub what: Written,
}

/// What a step did that is not recorded as an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Written {
    /// It wrote a line.
    Log(LogLine),
}

/// What a message of `GET /events` says; its `what.type` tells which.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Told {
    /// Something happened.
    Event(Event),
    /// A step wrote something.
    Log(LogEvent),
}

/// One message of `GET /events`.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its `id`: who gives the last one gets what came after.
    pub id: StreamCursor,
    /// Its `data`.
    pub data: Told,
}
