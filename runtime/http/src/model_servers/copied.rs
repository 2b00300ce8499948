//! A body of which a copy is made while it passes.

use axum::body::{Body, Bytes};

use super::body::{Watched, Watcher};

/// Passes a body on, and tells what it was once all of it has passed: nothing where it is too long. One that breaks off is not told.
pub(super) fn copied(
    body: Body,
    longest: usize,
    tell: impl FnOnce(Option<Bytes>) + Send + Unpin + 'static,
) -> Body {
    let copy = Copy {
        longest,
        copied: Vec::new(),
        tell: Some(tell),
    };
    Body::new(Watched::new(body, copy))
}

struct Copy<F> {
    longest: usize,
    copied: Vec<u8>,
    /// Until it has told.
    tell: Option<F>,
}

impl<F: FnOnce(Option<Bytes>)> Watcher for Copy<F> {
    fn part(&mut self, part: &Bytes) {
        if self.tell.is_none() {
            return;
        }
        if self.copied.len() + part.len() > self.longest {
            self.copied = Vec::new();
            self.tell(None);
            return;
        }
        self.copied.extend_from_slice(part);
    }

    fn end(&mut self) {
        let copied = std::mem::take(&mut self.copied);
        self.tell(Some(copied.into()));
    }
}

impl<F: FnOnce(Option<Bytes>)> Copy<F> {
    fn tell(&mut self, copy: Option<Bytes>) {
        if let Some(tell) = self.tell.take() {
            tell(copy);
        }
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
        let copied = copied(body, 6, move |copy| *kept.lock().unwrap() = Some(copy));
        let mut passed = copied;
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
        let body = copied(stream(&["abc", "defg"]), 6, |_| {});
        let passed = to_bytes(body, 100).await.unwrap();
        assert_eq!(passed, "abcdefg");
    }
}
