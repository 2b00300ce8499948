//! What steps wrote.

use coracle_model::{AttemptNumber, TaskPath, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of `GET /runs/{run}/log`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct LogQuery {
    /// One step: its path, or the end of it when that is unique. All steps when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Which attempt, from 1; the last when it is left out. Only together with `step`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptNumber>,
    /// Only what was written there; both when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<LogStream>,
    /// Only so many of the last lines of each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail: Option<usize>,
    /// Whether to wait for what is still to come; the answer ends when the step, or the run, has ended.
    pub follow: bool,
    /// How the answer looks.
    pub format: LogFormat,
}

/// Where a step writes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a log is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// The bytes as they were written. With more than one step, a line `==> STEP (attempt N) <==` stands
    /// before what a step wrote.
    #[default]
    Raw,
    /// One [`LogLine`] as JSON on each line.
    Lines,
}

/// One line that a step wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// The step.
    pub step: TaskPath,
    /// Which attempt.
    pub attempt: AttemptNumber,
    /// Where it was written.
    pub stream: LogStream,
    /// When its beginning arrived.
    pub at: Timestamp,
    /// The line without its end; what is not UTF-8 is replaced. A line beyond 256 KiB comes in pieces.
    pub text: String,
}
