//! A command that runs, as the caller hands it in.

use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde::Deserialize;
use tokio::io::AsyncWrite;

/// A command that runs, or that one is attached to.
///
/// It is dropped when the client hangs up; whether the command ends then is the caller's choice.
pub struct Session {
    /// Where what the client writes goes. It is shut down when the client has written all.
    pub stdin: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// What the command says. Its end is waited for before `exit` is.
    pub output: BoxStream<'static, io::Result<Output>>,
    /// Changes the size of the command's terminal, if it has one.
    pub resize: Option<Resize>,
    /// How the command ends.
    pub exit: BoxFuture<'static, Exit>,
}

/// Changes the size of a terminal. A size that comes while another is set waits for its turn.
pub type Resize = Box<dyn FnMut(TerminalSize) -> BoxFuture<'static, ()> + Send>;

/// Something that a command says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where it says it. With a terminal, all is `Stdout`.
    pub source: Source,
    /// What it says.
    pub bytes: Bytes,
}

/// Where a command says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Its output.
    Stdout,
    /// Its complaints.
    Stderr,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// By itself or by a signal, with what a shell would call its code.
    Code(u8),
    /// It could not be run or followed to its end, for this reason.
    Failed(String),
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct TerminalSize {
    /// Columns.
    #[serde(rename = "Width", alias = "width")]
    pub width: u16,
    /// Rows.
    #[serde(rename = "Height", alias = "height")]
    pub height: u16,
}
