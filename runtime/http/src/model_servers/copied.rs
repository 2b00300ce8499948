//! A body of which a copy is made while it passes.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::{Body as _, Frame, SizeHint};

/// Passes a body on, and tells what it was once all of it has passed: nothing where it is too long. One that breaks off is not told.
pub(super) struct Copied<F> {
    body: Body,
    /// Its length, where it is known.
    length: Option<u64>,
    longest: usize,
    copy: Vec<u8>,
    /// Until it has told.
    tell: Option<F>,
}

impl<F: FnOnce(Option<Bytes>)> Copied<F> {
    pub(super) fn new(body: Body, longest: usize, tell: F) -> Self {
        let mut copied = Self {
            length: body.size_hint().exact(),
            body,
            longest,
            copy: Vec::new(),
            tell: Some(tell),
        };
        copied.tell_if_whole();
        copied
    }

    fn add(&mut self, piece: &Bytes) {
        if self.tell.is_none() {
            return;
        }
        if self.copy.len() + piece.len() > self.longest {
            self.copy = Vec::new();
            self.tell(None);
            return;
        }
        self.copy.extend_from_slice(piece);
        self.tell_if_whole();
    }

    /// Who sends a body need not ask once more whether it has ended, if that can be known.
    fn tell_if_whole(&mut self) {
        if self.body.is_end_stream() || self.length == Some(self.copy.len() as u64) {
            self.tell_whole();
        }
    }

    fn tell_whole(&mut self) {
        let copy = std::mem::take(&mut self.copy);
        self.tell(Some(copy.into()));
    }

    fn tell(&mut self, copy: Option<Bytes>) {
        if let Some(tell) = self.tell.take() {
            tell(copy);
        }
    }
}

impl<F: FnOnce(Option<Bytes>) + Unpin> http_body::Body for Copied<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(piece) = frame.data_ref() {
                    self.add(piece);
                }
            }
            Poll::Ready(None) => self.tell_whole(),
            Poll::Ready(Some(Err(_))) => self.tell = None,
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::body::to_bytes;
    use futures_util::stream::{self, StreamExt as _};
    use http_body_util::BodyExt as _;

    use super::*;

    /// What is told of a body of so many of its pieces.
    async fn told(body: Body, pieces: usize) -> Option<Option<Bytes>> {
        let told = std::sync::Arc::new(Mutex::new(None));
        let kept = told.clone();
        let copied = Copied::new(body, 6, move |copy| *kept.lock().unwrap() = Some(copy));
        let mut passed = Body::new(copied);
        for _ in 0..pieces {
            let _ = passed.frame().await;
        }
        drop(passed);
        told.lock().unwrap().take()
    }

    fn stream(pieces: &[&'static str]) -> Body {
        let pieces = pieces.to_vec();
        Body::from_stream(stream::iter(pieces).map(Ok::<_, axum::Error>))
    }

    #[tokio::test]
    async fn all_of_a_body_is_told_when_it_has_passed() {
        let whole = Some(Some(Bytes::from("abcdef")));
        // One whose length is known is not asked for its end.
        assert_eq!(told(Body::from("abcdef"), 1).await, whole);
        assert_eq!(told(stream(&["abc", "def"]), 3).await, whole);
        assert_eq!(told(Body::empty(), 0).await, Some(Some(Bytes::new())));
    }

    #[tokio::test]
    async fn what_breaks_off_is_not_told_and_what_is_too_long_is_told_as_that() {
        assert_eq!(told(stream(&["abc", "def"]), 1).await, None);
        let broken = stream::iter([Ok("abc"), Err(axum::Error::new("gone"))]);
        assert_eq!(told(Body::from_stream(broken), 3).await, None);
        assert_eq!(told(stream(&["abc", "defg"]), 3).await, Some(None));
        let body = Copied::new(stream(&["abc", "defg"]), 6, |_| {});
        let passed = to_bytes(Body::new(body), 100).await.unwrap();
        assert_eq!(passed, "abcdefg");
    }
}
