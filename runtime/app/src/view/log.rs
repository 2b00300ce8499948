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
    /// Only the lines from this one on, counted from 0. Only of one attempt, with `format=lines`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
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

/// The query of `GET /runs/{run}/log-lines`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct LogLinesQuery {
    /// One step: its path, or the end of it when that is unique. All steps, one after another, when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Which attempt, from 1; the last when it is left out. Only together with `step`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptNumber>,
    /// The first line that is wanted, counted from 0.
    pub from: u64,
    /// The first line that is wanted is the first one that was begun at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How many lines at most: 500 when it is left out, and never more than 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// Some lines of a log: `GET /runs/{run}/log-lines`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLines {
    /// How many lines there are now. One that has no end yet is counted once nothing can be added to it.
    pub total: u64,
    /// Whether nothing can be added.
    pub over: bool,
    /// The number of the first line of these, counted from 0.
    pub first: u64,
    /// The lines.
    pub lines: Vec<LogLine>,
}

/// The query of `GET /runs/{run}/log-matches`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct LogMatchesQuery {
    /// One step: its path, or the end of it when that is unique. All steps, one after another, when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Which attempt, from 1; the last when it is left out. Only together with `step`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptNumber>,
    /// The text that is looked for; the size of letters does not matter.
    pub text: String,
    /// The first line that is looked at, counted from 0.
    pub from: u64,
}

/// The lines of a log that have a text: `GET /runs/{run}/log-matches`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogMatches {
    /// How many lines there are now.
    pub total: u64,
    /// The numbers of those that have it, counted from 0.
    pub lines: Vec<u64>,
    /// Where to go on, where not all were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}
