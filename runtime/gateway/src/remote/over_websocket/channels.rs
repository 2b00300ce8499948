//! The channels of a WebSocket: one reader that tells them apart, and a writer for each.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;
use tokio_websockets::{CloseCode, Message, WebSocketStream};

use super::websocket;
use crate::io::Io;
use crate::remote::protocol::Framing;

/// With chunks of 64 KiB, half a MiB is on its way at most.
const WAITING_MESSAGES: usize = 8;
/// The most that one message carries.
const LARGEST_CHUNK: usize = 64 * 1024;

/// What the client says, channel by channel.
pub(super) struct Incoming<I> {
    framing: Framing,
    messages: SplitStream<WebSocketStream<I>>,
    prober: Prober,
}

/// Says something that fails when the client has gone.
#[derive(Clone)]
pub(super) struct Prober(mpsc::WeakSender<Message>);

/// Where writers of channels come from. The client is told goodbye when this and all of them are gone.
pub(super) struct Outgoing {
    framing: Framing,
    messages: mpsc::Sender<Message>,
}

/// What is said to the client on one channel.
pub(super) struct ChannelWriter {
    channel: u8,
    framing: Framing,
    messages: PollSender<Message>,
}

/// Opens the channels of a connection. The future writes what is said, and ends after the goodbye.
pub(super) fn open<I: Io>(
    io: I,
    framing: Framing,
) -> (
    Incoming<I>,
    Outgoing,
    impl Future<Output = Result<(), tokio_websockets::Error>>,
) {
    let (sink, stream) = websocket(io).split();
    let (sender, receiver) = mpsc::channel(WAITING_MESSAGES);
    let incoming = Incoming {
        framing,
        messages: stream,
        prober: Prober(sender.downgrade()),
    };
    let outgoing = Outgoing {
        framing,
        messages: sender,
    };
    (incoming, outgoing, write(receiver, sink))
}

async fn write<I: Io>(
    mut messages: mpsc::Receiver<Message>,
    mut sink: SplitSink<WebSocketStream<I>, Message>,
) -> Result<(), tokio_websockets::Error> {
    while let Some(message) = messages.recv().await {
        sink.feed(message).await?;
        while let Ok(message) = messages.try_recv() {
            sink.feed(message).await?;
        }
        sink.flush().await?;
    }
    let goodbye = Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
    sink.send(goodbye).await
}

impl<I: Io> Incoming<I> {
    /// The next bytes of a channel, or `None` when the client has hung up.
    pub(super) async fn next(&mut self) -> Option<(u8, Bytes)> {
        loop {
            match self.messages.next().await? {
                Ok(message) if message.is_close() => return None,
                Ok(message) => {
                    if let Some(said) = self.framing.decode(message) {
                        return Some(said);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "a client hung up");
                    return None;
                }
            }
        }
    }

    /// What to call while what was said finds no room.
    pub(super) fn prober(&self) -> Prober {
        self.prober.clone()
    }
}

impl Prober {
    /// Pings the client, unless so much waits to be said that this is not needed.
    pub(super) fn probe(&self) {
        if let Some(messages) = self.0.upgrade() {
            let _ = messages.try_send(Message::ping(""));
        }
    }
}

impl Outgoing {
    /// A writer of a channel.
    pub(super) fn channel(&self, channel: u8) -> ChannelWriter {
        ChannelWriter {
            channel,
            framing: self.framing,
            messages: PollSender::new(self.messages.clone()),
        }
    }

    /// Says nothing on a channel, which some clients wait for.
    pub(super) async fn greet(&self, channel: u8) {
        // If it cannot be said, neither can anything else, and that is noticed then.
        let _ = self.messages.send(self.framing.encode(channel, b"")).await;
    }
}

impl AsyncWrite for ChannelWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.messages.poll_reserve(context)).map_err(|_| is_over())?;
        let bytes = &bytes[..bytes.len().min(LARGEST_CHUNK)];
        let message = self.framing.encode(self.channel, bytes);
        self.messages.send_item(message).map_err(|_| is_over())?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is said is flushed when there is nothing more to say.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A channel has no end of its own.
        Poll::Ready(Ok(()))
    }
}

fn is_over() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the connection is over")
}
