//! A WebSocket as a connection: its binary messages are the bytes, whatever their borders.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_websockets::{CloseCode, Message, WebSocketStream};

use super::websocket;
use crate::io::Io;

/// The most that one message carries.
const LARGEST_CHUNK: usize = 64 * 1024;

/// The bytes within a WebSocket.
pub(crate) fn tunnel<I: Io>(io: I) -> impl Io {
    Tunnel {
        websocket: websocket(io),
        rest: Bytes::new(),
        closing: Closing::NotYet,
    }
}

struct Tunnel<I> {
    websocket: WebSocketStream<I>,
    /// What was not read yet of the last message.
    rest: Bytes,
    closing: Closing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    NotYet,
    Said,
}

impl<I: Io> Tunnel<I> {
    fn poll_message(
        &mut self,
        context: &mut Context<'_>,
        message: impl FnOnce() -> Message,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.websocket).poll_ready(context)).map_err(to_io)?;
        let sent = Pin::new(&mut self.websocket).start_send(message());
        Poll::Ready(sent.map_err(to_io))
    }
}

impl<I: Io> AsyncRead for Tunnel<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.websocket).poll_next(context)) {
                Some(Ok(message)) if message.is_binary() => {
                    self.rest = message.into_payload().into();
                }
                Some(Ok(message)) if message.is_close() => return Poll::Ready(Ok(())),
                Some(Ok(message)) if message.is_text() => {
                    return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(to_io(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..length]);
        self.rest.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<I: Io> AsyncWrite for Tunnel<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut length = 0;
        let message = || {
            let total = slices.iter().map(|slice| slice.len()).sum::<usize>();
            let mut payload = BytesMut::with_capacity(total.min(LARGEST_CHUNK));
            for slice in slices {
                let room = LARGEST_CHUNK - payload.len();
                payload.extend_from_slice(&slice[..slice.len().min(room)]);
            }
            length = payload.len();
            Message::binary(payload)
        };
        ready!(self.poll_message(context, message))?;
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.websocket)
            .poll_flush(context)
            .map_err(to_io)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing == Closing::NotYet {
            let goodbye = || Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
            ready!(self.poll_message(context, goodbye))?;
            self.closing = Closing::Said;
        }
        self.poll_flush(context)
    }
}

fn to_io(error: tokio_websockets::Error) -> io::Error {
    match error {
        tokio_websockets::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}
