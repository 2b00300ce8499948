//! Sessions that a script plays.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::io::AsyncWrite;
use tokio_util::io::ReaderStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::{EngineError, Output, Session, SessionControl, TerminalSize};
use crate::log::Stream;

/// What an echo holds that nobody reads.
const ECHO_BYTES: usize = 64 * 1024;

/// What the program of a session does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecAct {
    /// What it says, all at its beginning.
    pub log: Vec<(Stream, Vec<u8>)>,
    /// Whether it then says what it is told, to the end of that.
    pub echoes: bool,
    /// Its exit code.
    pub code: i64,
}

impl ExecAct {
    /// Ends at once with success.
    pub fn succeed() -> Self {
        Self {
            log: Vec::new(),
            echoes: false,
            code: 0,
        }
    }

    /// Ends at once with a code.
    pub fn fail(code: i64) -> Self {
        Self {
            code,
            ..Self::succeed()
        }
    }

    /// The same, saying something more.
    #[must_use]
    pub fn saying(mut self, stream: Stream, text: impl Into<Vec<u8>>) -> Self {
        self.log.push((stream, text.into()));
        self
    }

    /// The same, saying what it is told.
    #[must_use]
    pub fn echoing(self) -> Self {
        Self {
            echoes: true,
            ..self
        }
    }
}

/// A session in which the program does as it is said to, and ends when its output has been read or is dropped.
pub(super) fn play(act: ExecAct, stdin: bool) -> Session {
    let over = CancellationToken::new();
    let said = act.log.into_iter().map(|(stream, bytes)| {
        Ok(Output {
            stream,
            bytes: Bytes::from(bytes),
        })
    });
    let (input, echo) = tokio::io::duplex(ECHO_BYTES);
    let echo = ReaderStream::new(echo)
        .map_ok(|bytes| Output {
            stream: Stream::Stdout,
            bytes,
        })
        .map_err(|error| EngineError::of_file("read an echo", &error));
    let echo = if act.echoes {
        echo.left_stream()
    } else {
        stream::empty().right_stream()
    };
    let output = ending(
        stream::iter(said).chain(echo).boxed(),
        over.clone().drop_guard(),
    );
    let input = stdin.then(|| -> Box<dyn AsyncWrite + Send + Unpin> { Box::new(input) });
    Session {
        input,
        output,
        control: Box::new(Played {
            over,
            code: act.code,
        }),
    }
}

type Outputs = stream::BoxStream<'static, Result<Output, EngineError>>;

/// The same stream, which lets go of the guard with its end.
fn ending(output: Outputs, guard: DropGuard) -> Outputs {
    let state = (output, guard);
    let next = async |(mut output, guard): (Outputs, DropGuard)| {
        let piece = output.next().await?;
        Some((piece, (output, guard)))
    };
    stream::unfold(state, next).boxed()
}

struct Played {
    over: CancellationToken,
    code: i64,
}

#[async_trait]
impl SessionControl for Played {
    async fn resize(&self, _size: TerminalSize) -> Result<(), EngineError> {
        Ok(())
    }

    async fn wait(&self) -> Result<i64, EngineError> {
        self.over.cancelled().await;
        Ok(self.code)
    }

    async fn end(&self) -> Result<(), EngineError> {
        self.over.cancel();
        Ok(())
    }
}
