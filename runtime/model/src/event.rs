//! What happened, in the order it happened.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ArtifactId, AttemptNumber, Failure, RunId, RunState, TaskPath, TaskState, Value};

/// The place of an event in the log; a reader that gives its last cursor gets what came after.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventCursor(pub i64);

/// One thing that happened to a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the log.
    pub cursor: EventCursor,
    /// When it was recorded.
    pub at: Timestamp,
    /// The run it is about.
    pub run: RunId,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EventKind {
    /// The run changed its state.
    Run {
        /// The new state.
        state: RunState,
        /// Why, when it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// A task changed its state.
    Task {
        /// The task.
        path: TaskPath,
        /// The new state.
        state: TaskState,
        /// Whether its outputs came from the cache.
        #[serde(default)]
        cached: bool,
        /// Why it failed, was skipped or waits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Failure>,
    },
    /// An attempt began or ended.
    Attempt {
        /// The task.
        path: TaskPath,
        /// Which attempt.
        number: AttemptNumber,
        /// Its state now.
        state: TaskState,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// A step measured something; told just before its success.
    Metrics {
        /// The task.
        path: TaskPath,
        /// The name of the output.
        key: String,
        /// The artifact in which the values stand, when it has a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        artifact: Option<ArtifactId>,
        /// What kind of metrics: `system.Metrics`, `system.ClassificationMetrics` and so on.
        schema_title: String,
        /// The artifact's metadata.
        values: BTreeMap<String, Value>,
    },
    /// Something the user should know that is no failure: an ignored field, an engine without isolation.
    Notice {
        /// The task it is about, when it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<TaskPath>,
        /// What to know.
        message: String,
    },
}
