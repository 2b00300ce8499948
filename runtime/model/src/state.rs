//! The states of runs and tasks, in KFP's words, and which may follow which.

use serde::{Deserialize, Serialize};

/// The state of a run, as KFP's `RuntimeState` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunState {
    /// Stored, nothing decided yet.
    Pending,
    /// Being worked on.
    Running,
    /// Asked to stop; its steps are being ended.
    Canceling,
    /// Ended, and every task that had to ended well.
    Succeeded,
    /// Ended otherwise. A cancelled run ends here too, since KFP's client waits for ever on `CANCELED`.
    Failed,
}

/// The state of a task, as KFP's `RuntimeState` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TaskState {
    /// Waits for other tasks, for room on the machine, or for its next attempt.
    Pending,
    /// At work; for a DAG, has children at work.
    Running,
    /// Ended well, or its outputs were taken from the cache.
    Succeeded,
    /// Not run, because its condition is false or a task it needs was skipped.
    Skipped,
    /// Ended badly, with a reason.
    Failed,
    /// Ended, or never begun, because its run was stopped or had already failed.
    Canceled,
}

/// A transition that the states do not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {what} cannot go from {from} to {to}")]
pub struct IllegalTransition {
    /// `run` or `task`.
    pub what: &'static str,
    /// The state it is in.
    pub from: &'static str,
    /// The state it was to take.
    pub to: &'static str,
}

impl RunState {
    /// Whether nothing will follow.
    pub fn is_final(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed => true,
            Self::Pending | Self::Running | Self::Canceling => false,
        }
    }

    /// KFP's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Canceling => "CANCELING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// The state after `next` was asked for; a retry takes a failed run back to running.
    ///
    /// # Errors
    /// When a run in this state cannot become `next`.
    pub fn to(self, next: Self) -> Result<Self, IllegalTransition> {
        use RunState::{Canceling, Failed, Pending, Running, Succeeded};
        match (self, next) {
            (Pending, Running | Canceling | Failed)
            | (Running, Canceling | Succeeded | Failed)
            | (Canceling, Failed)
            | (Failed, Running) => Ok(next),
            (Pending | Running | Canceling | Succeeded | Failed, _) => Err(IllegalTransition {
                what: "run",
                from: self.as_str(),
                to: next.as_str(),
            }),
        }
    }
}

impl std::str::FromStr for RunState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Pending,
            Self::Running,
            Self::Canceling,
            Self::Succeeded,
            Self::Failed,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| format!("`{text}` is not the state of a run"))
    }
}

impl TaskState {
    /// Whether nothing will follow, short of a retry of the run.
    pub fn is_final(self) -> bool {
        match self {
            Self::Succeeded | Self::Skipped | Self::Failed | Self::Canceled => true,
            Self::Pending | Self::Running => false,
        }
    }

    /// KFP's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Skipped => "SKIPPED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
        }
    }
}

impl std::str::FromStr for TaskState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Pending,
            Self::Running,
            Self::Succeeded,
            Self::Skipped,
            Self::Failed,
            Self::Canceled,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| format!("`{text}` is not the state of a task"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_run_moves_only_by_retry() {
        assert_eq!(
            RunState::Failed.to(RunState::Running),
            Ok(RunState::Running)
        );
        assert!(RunState::Succeeded.to(RunState::Running).is_err());
        assert!(RunState::Failed.to(RunState::Succeeded).is_err());
    }

    #[test]
    fn words_read_back() {
        for state in [
            "PENDING",
            "RUNNING",
            "SUCCEEDED",
            "SKIPPED",
            "FAILED",
            "CANCELED",
        ] {
            assert_eq!(state.parse::<TaskState>().unwrap().as_str(), state);
        }
        assert!("DONE".parse::<RunState>().is_err());
    }
}
