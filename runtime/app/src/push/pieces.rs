//! An engine's archive for a reader that blocks.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use coracle_host::{EngineError, ImageArchive};
use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot};

/// How many pieces wait for the reader.
const MOST_WAITING: usize = 16;

/// What goes to the reader: a piece, or nothing more at the end. A writer that goes away without that broke off.
type Piece = Result<Option<Bytes>, EngineError>;

/// The side that blocks. Its first read has the engine begin.
pub(super) struct Pieces {
    begin: Option<oneshot::Sender<()>>,
    receiver: mpsc::Receiver<Piece>,
    current: Bytes,
    has_ended: bool,
}

/// The side that asks the engine.
pub(super) struct Pump {
    archive: ImageArchive,
    begun: oneshot::Receiver<()>,
    sender: mpsc::Sender<Piece>,
}

/// Both sides.
pub(super) fn pieces(archive: ImageArchive) -> (Pump, Pieces) {
    let (begin, begun) = oneshot::channel();
    let (sender, receiver) = mpsc::channel(MOST_WAITING);
    let pump = Pump {
        archive,
        begun,
        sender,
    };
    let pieces = Pieces {
        begin: Some(begin),
        receiver,
        current: Bytes::new(),
        has_ended: false,
    };
    (pump, pieces)
}

impl Pump {
    /// Hands pieces on until there are no more, or nobody takes them.
    pub(super) async fn run(mut self) {
        if self.begun.await.is_err() {
            return;
        }
        loop {
            let piece = self.archive.next().await.transpose();
            let is_last = !matches!(piece, Ok(Some(_)));
            if self.sender.send(piece).await.is_err() || is_last {
                return;
            }
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(begin) = self.begin.take() {
            // A pump that is gone is noticed below.
            let _ = begin.send(());
        }
        while self.current.is_empty() && !self.has_ended {
            match self.receiver.blocking_recv() {
                Some(Ok(Some(piece))) => self.current = piece,
                Some(Ok(None)) => self.has_ended = true,
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Err(io::Error::other("the engine's answer broke off")),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn archive(pieces: Vec<Result<&'static str, EngineError>>) -> ImageArchive {
        let pieces = pieces
            .into_iter()
            .map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes())));
        Box::pin(stream::iter(pieces))
    }

    async fn read(pump: Option<Pump>, mut pieces: Pieces) -> (String, Option<String>) {
        let reading = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            let error = pieces.read_to_string(&mut text).err();
            (text, error.map(|error| error.to_string()))
        });
        if let Some(pump) = pump {
            pump.run().await;
        }
        reading.await.unwrap()
    }

    #[tokio::test]
    async fn pieces_become_one_text_with_an_end() {
        let (pump, pieces) = pieces(archive(vec![Ok("ab"), Ok(""), Ok("c")]));
        assert_eq!(read(Some(pump), pieces).await, ("abc".to_owned(), None));
    }

    #[tokio::test]
    async fn what_breaks_off_has_no_end() {
        let fault = EngineError::DiskFull {
            message: "x".to_owned(),
        };
        let (pump, one) = pieces(archive(vec![Ok("ab"), Err(fault)]));
        let (_, error) = read(Some(pump), one).await;
        assert_eq!(error.as_deref(), Some("no room is left on the disk: x"));
        let (pump, other) = pieces(archive(vec![Ok("ab")]));
        drop(pump);
        let (_, error) = read(None, other).await;
        assert_eq!(error.as_deref(), Some("the engine's answer broke off"));
    }

    #[tokio::test]
    async fn the_engine_does_nothing_for_a_reader_that_never_reads() {
        let asked = stream::once(async { panic!("the engine was asked") });
        let (pump, pieces) = pieces(Box::pin(asked));
        drop(pieces);
        pump.run().await;
    }
}
