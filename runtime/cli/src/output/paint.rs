//! Colours, and which state has which: the only place that knows.

use coracle_model::{RunState, TaskState};

/// How a text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// As the rest.
    Plain,
    /// A heading, a name that matters.
    Bold,
    /// Of less weight than the rest.
    Dim,
    /// Went well.
    Good,
    /// At work.
    Busy,
    /// Worth a look.
    Warning,
    /// Went wrong.
    Bad,
}

impl Paint {
    /// The text between the codes that a terminal understands.
    pub(crate) fn wrap(self, text: &str) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Busy => "36",
            Self::Warning => "33",
            Self::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// The colour of a run's state.
pub(crate) fn of_run_state(state: RunState) -> Paint {
    match state {
        RunState::Pending => Paint::Dim,
        RunState::Running => Paint::Busy,
        RunState::Canceling => Paint::Warning,
        RunState::Succeeded => Paint::Good,
        RunState::Failed => Paint::Bad,
    }
}

/// The colour of a task's state.
pub(crate) fn of_task_state(state: TaskState) -> Paint {
    match state {
        TaskState::Pending | TaskState::Skipped => Paint::Dim,
        TaskState::Running => Paint::Busy,
        TaskState::Succeeded => Paint::Good,
        TaskState::Failed => Paint::Bad,
        TaskState::Canceled => Paint::Warning,
    }
}
