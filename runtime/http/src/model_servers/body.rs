//! The body of an answer on its way out.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::account::Account;

/// A body whose request is accounted for when it has been sent, or is dropped.
pub(super) struct Accounted<B> {
    body: B,
    account: Account,
}

impl<B> Accounted<B> {
    pub(super) fn new(body: B, account: Account) -> Self {
        Self { body, account }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Accounted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(part) = frame.data_ref()
        {
            self.account.received(part);
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
