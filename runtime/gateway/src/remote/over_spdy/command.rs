//! Exec and attach over SPDY: the client opens a stream each for `error`, `stdin`, `stdout`, `stderr` and `resize`.

use std::convert::Infallible;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

use super::{STREAM_TYPE, text};
use crate::io::Io;
use crate::remote::conduct::{BoxWriter, Listener, Speaker, WAITING_SIZES, conduct};
use crate::remote::protocol::{StreamProtocol, Terminal};
use crate::remote::query::Streams;
use crate::remote::session::{Exit, Session, TerminalSize};
use crate::remote::size::SizeReader;
use crate::spdy::{Connection, Stream, StreamReader};

/// How long a client may take to open its streams, as with the kubelet.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves a command on a connection.
pub(crate) async fn command(
    io: impl Io + 'static,
    protocol: StreamProtocol,
    streams: Streams,
    start: impl Future<Output = Result<Session, Exit>>,
) {
    let (connection, driver) = Connection::serve(io);
    let mut driver = Box::pin(driver);
    let serving = serve(connection, protocol, streams, start);
    // Both are dropped with the connection, so nothing is lost that could still be said.
    let ended = tokio::select! {
        ended = &mut driver => ended,
        () = serving => driver.await,
    };
    if let Err(error) = ended {
        tracing::debug!(?error, "the connection of a command broke");
    }
}

async fn serve(
    mut connection: Connection,
    protocol: StreamProtocol,
    streams: Streams,
    start: impl Future<Output = Result<Session, Exit>>,
) {
    let opened = tokio::time::timeout(PATIENCE, open(&mut connection, protocol, streams)).await;
    let Ok(Some(Opened {
        error,
        stdin,
        stdout,
        stderr,
        resize,
    })) = opened
    else {
        tracing::debug!("a client did not open the streams of its command");
        return;
    };
    let (size_sender, sizes) = mpsc::channel(WAITING_SIZES);
    // Held until the end: the writers of streams that only the client writes to.
    let (stdin, _stdin_writer) = split(stdin);
    let (resize, _resize_writer) = split(resize);
    let speaker = Speaker { stdin, sizes };
    let listener = Listener {
        stdout: stdout.map(listen),
        stderr: stderr.map(listen),
        error: listen(error),
        format: protocol.format,
    };
    tokio::select! {
        () = conduct(start, speaker, listener) => {}
        never = read_sizes(resize, size_sender) => match never {},
    }
    drop(connection);
}

/// The streams of a command.
struct Opened {
    error: Stream,
    stdin: Option<Stream>,
    stdout: Option<Stream>,
    stderr: Option<Stream>,
    resize: Option<Stream>,
}

/// Accepts streams until all are there that the client said it wants.
async fn open(
    connection: &mut Connection,
    protocol: StreamProtocol,
    streams: Streams,
) -> Option<Opened> {
    let has_resize = streams.tty && protocol.terminal == Terminal::Resizable;
    let (mut error, mut stdin, mut stdout, mut stderr, mut resize) = (None, None, None, None, None);
    loop {
        let is_complete = (stdin.is_some() || !streams.stdin)
            && (stdout.is_some() || !streams.stdout)
            && (stderr.is_some() || !streams.stderr)
            && (resize.is_some() || !has_resize);
        if is_complete && let Some(error) = error.take() {
            return Some(Opened {
                error,
                stdin,
                stdout,
                stderr,
                resize,
            });
        }
        let offer = connection.next().await?;
        let place = match text(offer.headers(), STREAM_TYPE) {
            "error" => &mut error,
            "stdin" => &mut stdin,
            "stdout" => &mut stdout,
            "stderr" => &mut stderr,
            "resize" => &mut resize,
            _ => {
                offer.refuse();
                continue;
            }
        };
        *place = Some(offer.accept());
    }
}

fn split(stream: Option<Stream>) -> (Option<StreamReader>, Option<BoxWriter>) {
    match stream {
        Some(Stream { reader, writer, .. }) => (Some(reader), Some(Box::new(writer))),
        None => (None, None),
    }
}

/// A stream that only the command writes to.
fn listen(stream: Stream) -> BoxWriter {
    Box::new(stream.writer)
}

async fn read_sizes(resize: Option<StreamReader>, sizes: mpsc::Sender<TerminalSize>) -> Infallible {
    if let Some(mut resize) = resize {
        let mut reader = SizeReader::default();
        let mut buffer = [0; 512];
        while let Ok(length @ 1..) = resize.read(&mut buffer).await {
            for size in reader.read(&buffer[..length]) {
                // Without a terminal nobody wants to know.
                let _ = sizes.send(size).await;
            }
        }
    }
    std::future::pending().await
}
