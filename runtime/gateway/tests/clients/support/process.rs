//! Commands as processes.

use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use coracle_gateway::remote::{Exit, Output, Session, Source, TerminalSize};
use futures_util::StreamExt;
use tokio::io::AsyncRead;
use tokio::process::Command;
use tokio_util::io::ReaderStream;

/// Sizes that clients' terminals had.
pub(crate) type Sizes = Arc<Mutex<Vec<TerminalSize>>>;

/// Starts a command.
pub(crate) async fn start(command: Vec<String>, sizes: Sizes) -> Result<Session, Exit> {
    let failed = |error: io::Error| Exit::Failed(error.to_string());
    #[expect(clippy::disallowed_methods, reason = "it stands for an engine")]
    let mut process = Command::new(&command[0]);
    process.args(&command[1..]).kill_on_drop(true);
    process
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = process.spawn().map_err(failed)?;
    let stdin = child.stdin.take().expect("it is piped");
    let stdout = read(child.stdout.take().expect("it is piped"), Source::Stdout);
    let stderr = read(child.stderr.take().expect("it is piped"), Source::Stderr);
    Ok(Session {
        stdin: Some(Box::new(stdin)),
        output: futures_util::stream::select(stdout, stderr).boxed(),
        resize: Some(Box::new(move |size| {
            sizes.lock().unwrap().push(size);
            Box::pin(std::future::ready(()))
        })),
        exit: Box::pin(async move {
            match child.wait().await {
                Ok(status) => Exit::Code(status.code().unwrap_or(137) as u8),
                Err(error) => Exit::Failed(error.to_string()),
            }
        }),
    })
}

fn read(
    pipe: impl AsyncRead + Send + 'static,
    source: Source,
) -> impl futures_util::Stream<Item = io::Result<Output>> + Send {
    let chunks = ReaderStream::with_capacity(pipe, 64 * 1024);
    chunks.map(move |chunk| chunk.map(|bytes| Output { source, bytes }))
}
