//! A request that is granted.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::upgrade::Upgraded;

/// A request that is granted.
pub struct Upgrade {
    /// What the client is told, status 101.
    pub response: Response<Empty<Bytes>>,
    /// What happens on the connection afterwards. It ends with the connection; dropped, it ends the connection.
    pub task: BoxFuture<'static, ()>,
}

impl Upgrade {
    pub(super) fn of<B, Serving>(
        request: &mut Request<B>,
        response: Response<Empty<Bytes>>,
        serve: impl FnOnce(Upgraded) -> Serving + Send + 'static,
    ) -> Self
    where
        Serving: Future<Output = ()> + Send + 'static,
    {
        let upgrade = hyper::upgrade::on(request);
        let task = async move {
            match upgrade.await {
                Ok(upgraded) => serve(upgraded).await,
                Err(error) => tracing::debug!(%error, "a client left before its upgrade"),
            }
        };
        Self {
            response,
            task: Box::pin(task),
        }
    }
}
