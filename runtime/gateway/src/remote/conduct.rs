//! A command and its client, whatever they speak through.

use std::convert::Infallible;
use std::io;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::session::{Exit, Output, Resize, Session, Source, TerminalSize};
use super::status::{self, ErrorFormat};
use crate::pump::pump;

/// One direction of the client's connection.
pub(super) type BoxWriter = Box<dyn AsyncWrite + Send + Unpin>;

/// What the client listens to.
pub(super) struct Listener {
    /// Where it wants to hear what the command says.
    pub(super) stdout: Option<BoxWriter>,
    /// Where it wants to hear what the command complains about.
    pub(super) stderr: Option<BoxWriter>,
    /// Where it wants to hear how the command ended.
    pub(super) error: BoxWriter,
    /// And how.
    pub(super) format: ErrorFormat,
}

/// What the client says.
pub(super) struct Speaker<Stdin> {
    /// What it writes.
    pub(super) stdin: Option<Stdin>,
    /// The size of its terminal, as it changes.
    pub(super) sizes: mpsc::Receiver<TerminalSize>,
}

/// Sizes that were said and not set yet. All are set, in order: a client that attaches says two, so that what runs in the
/// terminal notices a change and draws itself.
pub(super) const WAITING_SIZES: usize = 16;

/// Starts a command, and carries what both say until it has ended and the client was told so.
pub(super) async fn conduct(
    start: impl Future<Output = Result<Session, Exit>>,
    speaker: Speaker<impl AsyncRead + Unpin>,
    mut listener: Listener,
) {
    let exit = match start.await {
        Ok(session) => run(session, speaker, &mut listener).await,
        Err(exit) => Ok(exit),
    };
    // A client that does not listen any more is not told.
    let Ok(exit) = exit else { return };
    if let Err(error) = listener.end(&exit).await {
        tracing::debug!(%error, "a client left before its command ended");
    }
}

async fn run(
    session: Session,
    speaker: Speaker<impl AsyncRead + Unpin>,
    listener: &mut Listener,
) -> io::Result<Exit> {
    let Session {
        stdin,
        mut output,
        resize,
        exit,
    } = session;
    let talking = async {
        while let Some(said) = output.next().await {
            match said {
                Ok(said) => listener.hear(said).await?,
                Err(error) => return Ok(Exit::Failed(error.to_string())),
            }
        }
        Ok(exit.await)
    };
    let feeding = async {
        tokio::join!(feed(speaker.stdin, stdin), set_sizes(speaker.sizes, resize));
        // A client that has said all still listens.
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        exit = talking => exit,
        never = feeding => match never {},
    }
}

async fn feed(from: Option<impl AsyncRead + Unpin>, to: Option<BoxWriter>) {
    let (Some(mut from), Some(mut to)) = (from, to) else {
        return;
    };
    // A command may end before it has read all; that is for its exit to tell.
    if let Err(error) = pump(&mut from, &mut to).await {
        tracing::debug!(?error, "a command did not take all input");
    }
}

async fn set_sizes(mut sizes: mpsc::Receiver<TerminalSize>, resize: Option<Resize>) {
    let Some(mut resize) = resize else { return };
    while let Some(size) = sizes.recv().await {
        resize(size).await;
    }
}

impl Listener {
    async fn hear(&mut self, said: Output) -> io::Result<()> {
        let place = match said.source {
            Source::Stdout => &mut self.stdout,
            Source::Stderr => &mut self.stderr,
        };
        let Some(place) = place else { return Ok(()) };
        place.write_all(&said.bytes).await?;
        place.flush().await
    }

    async fn end(mut self, exit: &Exit) -> io::Result<()> {
        for place in [&mut self.stdout, &mut self.stderr].into_iter().flatten() {
            place.shutdown().await?;
        }
        let text = status::render(exit, self.format);
        self.error.write_all(text.as_bytes()).await?;
        self.error.shutdown().await
    }
}
