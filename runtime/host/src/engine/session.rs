//! Sessions with a program: one that was started for the purpose, or a workload's own.
//!
//! ```text
//!   input ───► standard input ─┐          ┌─ standard output ─┐
//!                              ├► program ┤                   ├► output
//!   control ─► terminal's size ┘          └─ standard error  ─┘
//!           ◄─ exit code
//! ```

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWrite;

use super::EngineError;
use crate::log::Stream;

/// A program to run in a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecRequest {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Environment variables, added to the workload's own.
    pub environment: BTreeMap<String, String>,
    /// Where it starts, when not where the workload did.
    pub working_dir: Option<String>,
    /// The user to run as, when not the workload's.
    pub user: Option<String>,
    /// Whether it is written to; if not, it reads nothing.
    pub stdin: bool,
    /// The size of its terminal; without one it has none.
    pub terminal: Option<TerminalSize>,
}

/// What of a workload's program is joined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachRequest {
    /// Whether it is written to.
    pub stdin: bool,
    /// The size of its terminal, when it has one and that is to change.
    pub terminal: Option<TerminalSize>,
}

/// How large a terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// The length of a line.
    pub columns: u16,
    /// The number of lines.
    pub rows: u16,
}

/// A piece of what a program writes. A terminal has standard output only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where it was written to.
    pub stream: Stream,
    /// What was written.
    pub bytes: Bytes,
}

/// A session with a program, in parts that can go different ways.
pub struct Session {
    /// Its standard input, when it was asked for. Shutting it down is the end of the input; so is dropping it.
    pub input: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// What it writes, to the end. Slow reading makes the program wait.
    pub output: BoxStream<'static, Result<Output, EngineError>>,
    /// What else can be done. Dropping it ends a program that was started for the session, as far as that can be done
    /// without waiting; [`SessionControl::end`] does more.
    pub control: Box<dyn SessionControl>,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}

/// Hold of the program of a session.
#[async_trait]
pub trait SessionControl: Send + Sync {
    /// Gives the program's terminal another size; nothing where it has no terminal.
    ///
    /// # Errors
    /// When the engine does not answer.
    async fn resize(&self, size: TerminalSize) -> Result<(), EngineError>;

    /// The exit code, once the program has ended; 128 + n when signal n ended it.
    ///
    /// # Errors
    /// When the engine does not answer, or lost the program.
    async fn wait(&self) -> Result<i64, EngineError>;

    /// Ends a program that was started for the session and still runs, by force; a workload's own is left alone.
    ///
    /// # Errors
    /// When it cannot be ended; it may run until the workload ends.
    async fn end(&self) -> Result<(), EngineError>;
}
