//! What is heard of a workload.

use serde::{Deserialize, Serialize};

/// One thing that is heard of a workload that is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum WorkloadNews {
    /// How far it is.
    State {
        /// `1 active, 2 of 3 succeeded`.
        state: String,
    },
    /// How far a pod is.
    Pod {
        /// The pod.
        pod: String,
        /// `Pending`, `Running`, `Succeeded`, `Failed`; `Deleted` where it is no longer there.
        state: String,
        /// Why, where that is told.
        message: Option<String>,
    },
    /// What became of a container.
    Container {
        /// Its pod.
        pod: String,
        /// The container.
        container: String,
        /// `running`, why it waits, such as `ImagePullBackOff`, or how it ended, such as `Error (exit code 3)`.
        state: String,
        /// More of it, where that is told.
        message: Option<String>,
    },
    /// An event of the cluster about the workload or one of its pods. Each is told once, however often it happened.
    Event {
        /// `Job/sum`.
        object: String,
        /// Whether it is a warning.
        is_warning: bool,
        /// `FailedScheduling`.
        reason: String,
        /// In the cluster's words.
        message: String,
    },
    /// A line of a log. What is no UTF-8 is replaced.
    Line {
        /// The pod.
        pod: String,
        /// The container.
        container: String,
        /// Without its end.
        text: String,
        /// Whether it goes on the line before it of the same container, which was too long to be told at once.
        is_continued: bool,
    },
    /// What could not be had.
    NotTold {
        /// `the log of main in sum-x2k`.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The cluster does not answer; it is asked again.
    Trouble {
        /// What is wrong.
        message: String,
    },
    /// The cluster answers again.
    Back,
    /// It is over; nothing follows.
    Ended {
        /// How.
        end: WorkloadEnd,
        /// In a word, such as `BackoffLimitExceeded`.
        reason: Option<String>,
        /// In the cluster's words.
        message: Option<String>,
    },
}

/// How a workload that is followed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WorkloadEnd {
    /// It did what it was to do.
    Complete,
    /// It failed.
    Failed,
    /// It was removed.
    Deleted,
    /// The cluster no longer lets itself be asked.
    Refused,
}
