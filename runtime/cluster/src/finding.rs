//! What was found, how bad it is, and what to do about it.

use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It will not work until this is mended.
    Error,
    /// It may not work, or not as wished; also what could not be found out.
    Warning,
    /// Worth knowing.
    Note,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What to switch on: `kind-missing`, `quota-exceeded`.
    pub code: String,
    /// What it is about: `PersistentVolumeClaim/data`, `context prod`. Empty where it is about the whole.
    pub subject: String,
    /// What is so.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
    /// A command that does it.
    pub command: Option<String>,
}

impl Finding {
    /// It will not work.
    pub fn error(code: &str, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, subject, message)
    }

    /// It may not work.
    pub fn warning(code: &str, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, subject, message)
    }

    /// Worth knowing.
    pub fn note(code: &str, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, subject, message)
    }

    /// With what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// With a command that does it.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    fn new(
        severity: Severity,
        code: &str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code: code.to_owned(),
            subject: subject.into(),
            message: message.into(),
            fix: None,
            command: None,
        }
    }
}
