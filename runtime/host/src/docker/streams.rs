//! The two halves of a connection that was handed over to a program: its input, and what it writes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, WriteHalf};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::error::{Fault, refusal};
use super::raw::HandedOver;
use crate::engine::{Connection, EngineError, Output};
use crate::log::Stream;

/// Room that is made for each read.
const READ_BYTES: usize = 64 * 1024;

/// Before each piece: its stream, three zeros, and its length.
const HEADER_BYTES: usize = 8;

/// How the engine hands out what a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// In pieces that tell their stream.
    Framed,
    /// As it is: what a terminal shows.
    Plain,
}

impl Framing {
    pub(super) fn of(tty: bool) -> Self {
        if tty { Self::Plain } else { Self::Framed }
    }
}

type Input = Box<dyn AsyncWrite + Send + Unpin>;

/// A program's input and output. `over` is cancelled when the output has ended or is dropped.
pub(super) fn streams(
    connection: HandedOver,
    framing: Framing,
    stdin: bool,
    over: CancellationToken,
) -> (
    Option<Input>,
    BoxStream<'static, Result<Output, EngineError>>,
) {
    let HandedOver { connection, first } = connection;
    let (reading, writing) = tokio::io::split(connection);
    let reader = Reader {
        reading,
        buffer: first,
        framing,
        _over: over.drop_guard(),
    };
    let output = stream::try_unfold(reader, async |mut reader| {
        let piece = reader.next().await;
        let piece =
            piece.map_err(|error| refusal("read what a program writes")(Fault::from(error)))?;
        Ok(piece.map(|piece| (piece, reader)))
    });
    // An input that was not asked for is not ended either: some engines would take that for a user who has left.
    let input = stdin.then(|| -> Input { Box::new(Writer(writing)) });
    (input, Box::pin(output))
}

struct Reader<R> {
    reading: R,
    buffer: BytesMut,
    framing: Framing,
    _over: DropGuard,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// The next piece, as soon as some of it has come; none at the end.
    async fn next(&mut self) -> io::Result<Option<Output>> {
        loop {
            if let Some(piece) = self.take() {
                return Ok(Some(piece));
            }
            self.buffer.reserve(READ_BYTES);
            if self.reading.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn take(&mut self) -> Option<Output> {
        match self.framing {
            Framing::Plain => (!self.buffer.is_empty()).then(|| Output {
                stream: Stream::Stdout,
                bytes: self.buffer.split().freeze(),
            }),
            Framing::Framed => self.take_frame(),
        }
    }

    fn take_frame(&mut self) -> Option<Output> {
        let header = self.buffer.first_chunk::<HEADER_BYTES>()?;
        let [kind, _, _, _, length @ ..] = *header;
        let length = u32::from_be_bytes(length) as usize;
        if self.buffer.len() < HEADER_BYTES + length {
            return None;
        }
        self.buffer.advance(HEADER_BYTES);
        let bytes: Bytes = self.buffer.split_to(length).freeze();
        // Anything but output is the engine's own word on what went wrong.
        let stream = if kind == 1 {
            Stream::Stdout
        } else {
            Stream::Stderr
        };
        Some(Output { stream, bytes })
    }
}

/// The input of a program; it ends with this.
struct Writer(WriteHalf<Box<dyn Connection>>);

impl AsyncWrite for Writer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A socket's half is shut down at once; there is nobody to tell that it was not.
        let _ = Pin::new(&mut self.0).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn read(framing: Framing, first: &[u8], rest: &'static [u8]) -> Vec<Output> {
        // A few bytes at a time, so that everything is torn somewhere.
        let (near, mut far) = tokio::io::duplex(5);
        let connection = HandedOver {
            connection: Box::new(near),
            first: first.into(),
        };
        let over = CancellationToken::new();
        let (input, output) = streams(connection, framing, true, over.clone());
        drop(input);
        let writing = async move {
            far.write_all(rest).await.unwrap();
        };
        let pieces = tokio::join!(output.try_collect::<Vec<_>>(), writing)
            .0
            .unwrap();
        assert!(over.is_cancelled());
        pieces
    }

    fn text(pieces: &[Output], stream: Stream) -> Vec<u8> {
        let own = pieces.iter().filter(|piece| piece.stream == stream);
        own.flat_map(|piece| piece.bytes.to_vec()).collect()
    }

    #[tokio::test]
    async fn frames_are_put_together_and_a_torn_one_is_none() {
        let first = b"\x01\0\0\0\0\0\0\x03o";
        let rest = b"ut\x02\0\0\0\0\0\0\x03err\x01\0\0\0\0\0\0\x09torn";
        let pieces = read(Framing::Framed, first, rest).await;
        assert_eq!(text(&pieces, Stream::Stdout), b"out");
        assert_eq!(text(&pieces, Stream::Stderr), b"err");
    }

    #[tokio::test]
    async fn a_terminal_may_show_what_looks_like_a_frame() {
        let rest = b"\x01\0\0\0\0\0\0\x03out";
        let pieces = read(Framing::Plain, b"\x02", rest).await;
        assert_eq!(
            text(&pieces, Stream::Stdout),
            [b"\x02", rest.as_slice()].concat()
        );
    }
}
