//! What arrived for a stream and was not read yet: bounded, so that who reads slowly holds the sender back.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

/// Enough for a stream to pause without holding back the others of its connection.
const LIMIT: usize = 512 * 1024;
/// Often enough that what a client left behind ends soon, and rarely enough to cost nothing.
const PROBE_PERIOD: Duration = Duration::from_secs(10);

/// The connection's end.
#[derive(Debug)]
pub(crate) struct Inbox(Arc<Shared>);

/// The stream's end.
#[derive(Debug)]
pub(crate) struct InboxReader(Arc<Shared>);

/// A look at it for the stream's other direction.
#[derive(Debug)]
pub(crate) struct InboxWatch(Arc<Shared>);

#[derive(Debug)]
struct Shared(Mutex<State>);

#[derive(Debug)]
struct State {
    waiting: BytesMut,
    end: End,
    is_read: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// More may come.
    Open,
    /// The peer has said all.
    Finished,
    /// The peer has taken back what was not read.
    Reset,
    /// The connection broke before the peer had said all.
    Lost,
}

/// An empty inbox.
pub(crate) fn inbox() -> (Inbox, InboxReader) {
    let shared = Arc::new(Shared(Mutex::new(State {
        waiting: BytesMut::new(),
        end: End::Open,
        is_read: true,
        reader: None,
        writer: None,
    })));
    (Inbox(shared.clone()), InboxReader(shared))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .expect("nothing panics while it holds an inbox")
    }
}

impl State {
    fn end(&mut self, end: End) {
        if self.end == End::Open {
            self.end = end;
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
    }
}

// === impl Inbox ===

impl Inbox {
    /// Puts a chunk in, once there is room. What nobody will read is thrown away.
    ///
    /// Whoever waits here does not hear that the peer has gone, so `probe` is called now and then, to say something
    /// that fails when it has.
    pub(crate) async fn put(&self, chunk: &[u8], probe: impl Fn()) {
        let mut putting =
            std::pin::pin!(std::future::poll_fn(|context| self.poll_put(context, chunk)));
        while tokio::time::timeout(PROBE_PERIOD, &mut putting)
            .await
            .is_err()
        {
            probe();
        }
    }

    fn poll_put(&self, context: &Context<'_>, chunk: &[u8]) -> Poll<()> {
        let mut state = self.0.lock();
        if !state.is_read || state.end != End::Open {
            return Poll::Ready(());
        }
        if state.waiting.len() >= LIMIT {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        state.waiting.extend_from_slice(chunk);
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
        Poll::Ready(())
    }

    /// The peer has said all.
    pub(crate) fn finish(&self) {
        self.0.lock().end(End::Finished);
    }

    /// The peer takes back what was not read, and wants nothing more.
    pub(crate) fn reset(&self) {
        let mut state = self.0.lock();
        state.waiting.clear();
        // Also if all was said: the other direction has to learn of it.
        if state.end == End::Finished {
            state.end = End::Open;
        }
        state.end(End::Reset);
    }

    /// Whether a stream still has to do with it.
    pub(crate) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.0.lock().end(End::Lost);
    }
}

// === impl InboxReader ===

impl InboxReader {
    /// A view for the direction that writes.
    pub(crate) fn watch(&self) -> InboxWatch {
        InboxWatch(self.0.clone())
    }
}

impl InboxWatch {
    /// Whether the peer took the stream back, in both directions.
    pub(crate) fn is_reset(&self) -> bool {
        self.0.lock().end == End::Reset
    }
}

impl AsyncRead for InboxReader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        if state.waiting.is_empty() {
            return match state.end {
                End::Open => {
                    state.reader = Some(context.waker().clone());
                    Poll::Pending
                }
                End::Finished => Poll::Ready(Ok(())),
                End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                End::Lost => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            };
        }
        let length = state.waiting.len().min(buffer.remaining());
        buffer.put_slice(&state.waiting[..length]);
        state.waiting.advance(length);
        if state.waiting.is_empty() {
            // What an idle stream keeps is given back.
            state.waiting = BytesMut::new();
        }
        if state.waiting.len() < LIMIT
            && let Some(writer) = state.writer.take()
        {
            writer.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for InboxReader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_read = false;
        state.waiting = BytesMut::new();
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }
}
