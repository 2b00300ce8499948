//! How a command ends when it does not end well: an exit code that scripts rely on, and what to tell people.

use std::io;

use coracle_app::NotCompiled;
use coracle_app::view::{ErrorBody, ErrorCode};
use coracle_model::{Diagnostic, RunState};
use serde::{Deserialize, Serialize};

/// What the process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// The work failed, or could not be done.
    Failed,
    /// The command line, the definition or its parameters are wrong.
    Usage,
    /// No engine that may be used answers.
    NoEngine,
    /// What was named is not there.
    NotFound,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The code; these numbers are promised.
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoEngine => 3,
            Self::NotFound => 4,
            Self::Interrupted => 130,
        }
    }

    /// How a run that ended makes its command end.
    pub(crate) fn of_run(state: RunState) -> Self {
        match state {
            RunState::Succeeded => Self::Fine,
            RunState::Failed | RunState::Canceling | RunState::Running | RunState::Pending => {
                Self::Failed
            }
        }
    }
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError {
    /// What the process ends with.
    pub exit: Exit,
    /// What to tell.
    pub report: Box<Report>,
}

/// What is told about an error: as text for people, or as `{"error": …}` for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// A word to switch on.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// What to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What is wrong with a definition or its parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
    /// The reader of our output has gone; there is nobody to tell.
    #[serde(skip)]
    pub unheard: bool,
}

impl CommandError {
    fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self {
            exit,
            report: Box::new(Report {
                code,
                message,
                hint: None,
                diagnostics: Vec::new(),
                unheard: false,
            }),
        }
    }

    /// The command line says something that cannot be done.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// A file or a program that was named or is needed is not there.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, "not_found", message)
    }

    /// Something did not work.
    pub fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, code, message)
    }

    /// The same error with something to try.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.report.hint = Some(hint.into());
        self
    }
}

/// The user's own code, or the tool that compiles it, failed before there was anything to run. Python tells the line
/// in its own words.
impl From<NotCompiled> for CommandError {
    fn from(NotCompiled { message, hint, .. }: NotCompiled) -> Self {
        let error = Self::new(Exit::Usage, "compile", message);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

impl From<ErrorBody> for CommandError {
    fn from(body: ErrorBody) -> Self {
        let ErrorBody {
            code,
            message,
            hint,
            diagnostics,
        } = body;
        let word = serde_json::to_value(code)
            .ok()
            .and_then(|word| Some(word.as_str()?.to_owned()));
        let report = Report {
            code: word.unwrap_or_default(),
            message,
            hint,
            diagnostics,
            unheard: false,
        };
        Self {
            exit: exit_of(code),
            report: Box::new(report),
        }
    }
}

impl From<io::Error> for CommandError {
    /// Errors of our own output; those of files say more at the place where they happen.
    fn from(error: io::Error) -> Self {
        let unheard = error.kind() == io::ErrorKind::BrokenPipe;
        let mut this = Self::failed("output", format!("failed to write the answer: {error}"));
        this.report.unheard = unheard;
        if unheard {
            // `coracle logs RUN | head` got all it wanted.
            this.exit = Exit::Fine;
        }
        this
    }
}

fn exit_of(code: ErrorCode) -> Exit {
    match code {
        ErrorCode::InvalidDefinition
        | ErrorCode::InvalidParameters
        | ErrorCode::InvalidRequest
        | ErrorCode::Ambiguous
        | ErrorCode::TooLarge => Exit::Usage,
        ErrorCode::NotFound => Exit::NotFound,
        ErrorCode::NoEngine => Exit::NoEngine,
        ErrorCode::WrongState
        | ErrorCode::Engine
        | ErrorCode::Cluster
        | ErrorCode::Registry
        | ErrorCode::NoWorkbench
        | ErrorCode::HomeLocked
        | ErrorCode::DiskFull
        | ErrorCode::ReadOnly
        | ErrorCode::Database
        | ErrorCode::Forbidden
        | ErrorCode::Unauthorized
        | ErrorCode::Stopping
        | ErrorCode::Internal => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: ErrorCode) -> CommandError {
        ErrorBody {
            code,
            message: "no".to_owned(),
            hint: None,
            diagnostics: Vec::new(),
        }
        .into()
    }

    #[test]
    fn refusals_end_with_the_promised_codes() {
        assert_eq!(refused(ErrorCode::InvalidDefinition).exit.code(), 2);
        assert_eq!(refused(ErrorCode::NoEngine).exit.code(), 3);
        assert_eq!(refused(ErrorCode::NotFound).exit.code(), 4);
        assert_eq!(refused(ErrorCode::DiskFull).exit.code(), 1);
        assert_eq!(Exit::of_run(RunState::Failed).code(), 1);
    }

    #[test]
    fn a_refusal_keeps_the_word_to_switch_on() {
        let json = serde_json::to_value(&*refused(ErrorCode::NoEngine).report).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "code": "no_engine", "message": "no" })
        );
    }

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let error = CommandError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(error.exit, Exit::Fine);
        assert_eq!(
            CommandError::from(io::Error::from(io::ErrorKind::StorageFull)).exit,
            Exit::Failed
        );
    }
}
