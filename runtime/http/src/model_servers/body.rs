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
    /// How much is still to come, where that is known.
    rest: Option<u64>,
}

impl<B: Body> Accounted<B> {
    pub(super) fn new(body: B, account: Account) -> Self {
        let mut accounted = Self {
            rest: body.size_hint().exact(),
            body,
            account,
        };
        accounted.look_for_end();
        accounted
    }

    /// Who sends a body need not ask once more whether it has ended, if that can be known.
    fn look_for_end(&mut self) {
        if self.body.is_end_stream() || self.rest == Some(0) {
            self.account.ended();
        }
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
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(part) = frame.data_ref() {
                    self.account.received(part);
                    self.rest = self.rest.map(|rest| rest.saturating_sub(part.len() as u64));
                }
                self.look_for_end();
            }
            Poll::Ready(None) => self.account.ended(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
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
