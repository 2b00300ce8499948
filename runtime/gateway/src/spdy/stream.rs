//! A stream: two directions, each with its own end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

use super::frame::{Outbound, ResetStatus, Rest, StreamId};
use super::writer::Control;
use crate::inbox::{InboxReader, InboxWatch};

/// The most that one frame of data carries.
const LARGEST_CHUNK: usize = 64 * 1024;

/// A stream that a client opened and this side serves.
#[derive(Debug)]
pub struct Stream {
    /// What the client said of it.
    pub headers: HeaderMap,
    /// From the client.
    pub reader: StreamReader,
    /// To the client.
    pub writer: StreamWriter,
}

/// What the client says; its end is the client's half close. Dropped, what still comes is thrown away.
#[derive(Debug)]
pub struct StreamReader(InboxReader);

/// What is said to the client; shut down, that is a half close. Dropped before that, the stream is reset.
#[derive(Debug)]
pub struct StreamWriter {
    id: StreamId,
    frames: PollSender<Outbound>,
    control: Control,
    watch: InboxWatch,
    state: Writing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Open,
    Finished,
}

impl Stream {
    pub(super) fn new(
        id: StreamId,
        headers: HeaderMap,
        inbox: InboxReader,
        frames: mpsc::Sender<Outbound>,
        control: Control,
    ) -> Self {
        let writer = StreamWriter {
            id,
            frames: PollSender::new(frames),
            control,
            watch: inbox.watch(),
            state: Writing::Open,
        };
        Self {
            headers,
            reader: StreamReader(inbox),
            writer,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(context)
    }
}

impl AsyncRead for StreamReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

// === impl StreamWriter ===

impl StreamWriter {
    /// Ends the stream at once, in both directions.
    pub(super) fn give_up(mut self, status: ResetStatus) {
        self.state = Writing::Finished;
        self.control.say(Outbound::Reset {
            id: self.id,
            status,
        });
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state == Writing::Finished || self.watch.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        self.frames.poll_reserve(context).map_err(|_| is_over())
    }

    fn put(&mut self, payload: Bytes, rest: Rest) -> io::Result<()> {
        let id = self.id;
        let frame = Outbound::Data { id, payload, rest };
        self.frames.send_item(frame).map_err(|_| is_over())
    }
}

impl AsyncWrite for StreamWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_room(context))?;
        let length = bytes.len().min(LARGEST_CHUNK);
        self.put(Bytes::copy_from_slice(&bytes[..length]), Rest::Open)?;
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The driver flushes whenever it has nothing more to write.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state == Writing::Finished {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_room(context))?;
        self.put(Bytes::new(), Rest::Finished)?;
        self.state = Writing::Finished;
        Poll::Ready(Ok(()))
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        if self.state == Writing::Open && !self.watch.is_reset() {
            let (id, status) = (self.id, ResetStatus::Cancel);
            self.control.say(Outbound::Reset { id, status });
        }
    }
}

fn is_over() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the connection is over")
}
