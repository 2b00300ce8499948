//! Recurring runs: what is run again and again, and when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ExperimentId, PipelineId, RecurringRunId, Value, VersionRef};

/// A recurring run as it is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct RecurringRun {
    /// Its id.
    pub id: RecurringRunId,
    /// The name people see.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// The experiment that its runs are in.
    pub experiment: ExperimentId,
    /// What is run.
    pub source: RunSource,
    /// Values for the pipeline's parameters; texts in them may hold macros.
    pub parameters: BTreeMap<String, Value>,
    /// Where artifacts go instead of the default root, as a URI.
    pub pipeline_root: Option<String>,
    /// The account that runs would have on a cluster.
    pub service_account: Option<String>,
    /// When.
    pub trigger: Trigger,
    /// How many of its runs may be open at once.
    pub max_concurrency: u32,
    /// Whether slots that were missed are made up for, one by one.
    pub catch_up: bool,
    /// Whether it runs at all at present.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// How far it is.
    pub progress: Progress,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunSource {
    /// This definition, whatever becomes of the pipeline that it is from.
    Pinned {
        /// The version of an uploaded pipeline that it is; none when it was given by itself.
        version: Option<VersionRef>,
        /// The definition, byte for byte.
        definition: String,
    },
    /// Whatever version of an uploaded pipeline is the newest each time.
    Latest(PipelineId),
}

/// When a recurring run is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// The rhythm.
    pub schedule: Schedule,
    /// The first moment at which it may be due.
    pub start: Option<Timestamp>,
    /// The last moment at which it may be due.
    pub end: Option<Timestamp>,
}

/// A rhythm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// A cron expression that begins with seconds, in UTC, or a word such as `@daily`.
    Cron(String),
    /// Every so many seconds.
    Periodic(u64),
    /// Once, as soon as it is switched on.
    Once,
}

/// How far a recurring run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The slot of its last run.
    pub last_slot: Option<Timestamp>,
    /// How many runs it has begun.
    pub begun: u64,
}
