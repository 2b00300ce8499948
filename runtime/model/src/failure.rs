//! Why a step or a run did not work, as a code to switch on, a message and something to try.

use serde::{Deserialize, Serialize};

/// The named reasons a task, attempt or run fails for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FailureCode {
    /// The step's program ended with a code other than zero.
    ExitCode,
    /// The step ran longer than its definition allows.
    Timeout,
    /// The kernel ended the step because it used more memory than its limit or the machine has.
    OutOfMemory,
    /// The image is not on the machine and cannot be pulled.
    ImageNotFound,
    /// The engine refused to create or start the step.
    StartRefused,
    /// No room is left on a disk that the step or the workbench needs.
    DiskFull,
    /// The engine does not answer.
    EngineUnavailable,
    /// The step asks for more than the machine has.
    InsufficientResources,
    /// What the step needs is not offered by this engine or this machine.
    Unsupported,
    /// The step ended without an output that it declares.
    MissingOutput,
    /// An output is not of its declared type, or leads out of its place.
    BadOutput,
    /// An input is missing or not of its declared type.
    BadInput,
    /// A condition or selector cannot be evaluated.
    BadExpression,
    /// A secret, config map or volume that the step names is not there.
    MissingResource,
    /// Its condition is false: no failure, but a reason.
    Skipped,
    /// A task that it needs was skipped.
    UpstreamSkipped,
    /// A task that this one needs failed.
    UpstreamFailed,
    /// One or more tasks of this DAG or run failed.
    TaskFailed,
    /// Stopped on request.
    Canceled,
    /// A fault of the workbench itself.
    Internal,
}

impl FailureCode {
    /// The code as it stands in outputs and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExitCode => "exit_code",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::ImageNotFound => "image_not_found",
            Self::StartRefused => "start_refused",
            Self::DiskFull => "disk_full",
            Self::EngineUnavailable => "engine_unavailable",
            Self::InsufficientResources => "insufficient_resources",
            Self::Unsupported => "unsupported",
            Self::MissingOutput => "missing_output",
            Self::BadOutput => "bad_output",
            Self::BadInput => "bad_input",
            Self::BadExpression => "bad_expression",
            Self::MissingResource => "missing_resource",
            Self::Skipped => "skipped",
            Self::UpstreamSkipped => "upstream_skipped",
            Self::UpstreamFailed => "upstream_failed",
            Self::TaskFailed => "task_failed",
            Self::Canceled => "canceled",
            Self::Internal => "internal",
        }
    }
}

/// Why something did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// What to switch on.
    pub code: FailureCode,
    /// What happened, in a lowercase fragment that names the thing in backticks.
    pub message: String,
    /// What to try next, when there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// The same failure with something to try.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.code.as_str(), self.message)
    }
}
