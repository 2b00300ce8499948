//! The body of an answer on its way.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::SendRequest;

use super::connector::Upstream;
use super::pool::{Pool, RequestBody};

/// The body of an answer, as it arrives. Dropped before its end, it closes the connection to the server.
pub struct Body {
    incoming: Option<Incoming>,
    lease: Option<Lease>,
}

/// A connection that can be used again when the body has been read.
pub(super) struct Lease {
    pub(super) pool: Pool,
    pub(super) upstream: Upstream,
    pub(super) sender: SendRequest<RequestBody>,
}

impl Body {
    pub(super) fn new(incoming: Incoming, lease: Lease) -> Self {
        let mut body = Self {
            incoming: Some(incoming),
            lease: Some(lease),
        };
        if body.is_end_stream() {
            body.give_back();
        }
        body
    }

    /// The body of an answer over a connection that others use, too.
    pub(super) fn shared(incoming: Incoming) -> Self {
        Self {
            incoming: Some(incoming),
            lease: None,
        }
    }

    /// The body of an answer that has none.
    pub(super) fn empty() -> Self {
        Self {
            incoming: None,
            lease: None,
        }
    }

    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.pool.put(lease.upstream, lease.sender);
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(incoming).poll_frame(context));
        match &frame {
            Some(Err(_)) => self.lease = None,
            Some(Ok(_)) if !self.is_end_stream() => {}
            Some(Ok(_)) | None => self.give_back(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.incoming {
            Some(incoming) => incoming.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

/// A request's body, of whatever kind it is.
pub(super) fn box_body<B>(body: B) -> RequestBody
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    UnsyncBoxBody::new(http_body_util::BodyExt::map_err(body, Into::into))
}
