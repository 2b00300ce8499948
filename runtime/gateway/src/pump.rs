//! Bytes from one place to another, at the pace of the slower.

use std::io;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const BUFFER_BYTES: usize = 64 * 1024;

/// Which side a pump failed at.
#[derive(Debug, Error)]
pub(crate) enum PumpError {
    /// What was to be said could not be read.
    #[error("failed to read")]
    Read(#[source] io::Error),
    /// What was read could not be said.
    #[error("failed to write")]
    Write(#[source] io::Error),
}

/// Moves all bytes, and shuts `to` down after the last. Nothing waits for more to come before it is passed on.
pub(crate) async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<(), PumpError> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = from.read(&mut buffer).await.map_err(PumpError::Read)?;
        if length == 0 {
            return to.shutdown().await.map_err(PumpError::Write);
        }
        to.write_all(&buffer[..length])
            .await
            .map_err(PumpError::Write)?;
        to.flush().await.map_err(PumpError::Write)?;
    }
}
