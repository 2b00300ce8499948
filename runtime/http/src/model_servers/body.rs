//! A body that is looked at while it passes.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};

/// What looks at it.
pub(super) trait Watcher {
    /// A part has passed.
    fn part(&mut self, part: &Bytes);

    /// All of it has passed. A body that breaks off, or that nobody reads to its end, never comes to that.
    fn end(&mut self);
}

/// A body that is passed on as it is.
pub(super) struct Watched<B, W> {
    body: B,
    watcher: W,
    /// How much is still to come, where that is known.
    rest: Option<u64>,
    /// Whether nothing more is to be seen.
    is_over: bool,
}

impl<B: Body, W: Watcher> Watched<B, W> {
    pub(super) fn new(body: B, watcher: W) -> Self {
        let mut watched = Self {
            rest: body.size_hint().exact(),
            body,
            watcher,
            is_over: false,
        };
        watched.end_if_whole();
        watched
    }

    /// Who sends a body need not ask once more whether it has ended, if that can be known.
    fn end_if_whole(&mut self) {
        if self.body.is_end_stream() || self.rest == Some(0) {
            self.end();
        }
    }

    fn end(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.watcher.end();
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin, W: Watcher + Unpin> Body for Watched<B, W> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(part) = frame.data_ref() {
                    self.watcher.part(part);
                    let length = part.len() as u64;
                    self.rest = self.rest.map(|rest| rest.saturating_sub(length));
                }
                self.end_if_whole();
            }
            Poll::Ready(Some(Err(_))) => self.is_over = true,
            Poll::Ready(None) => self.end(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
