//! gRPC: HTTP/2 to the server as well, over one connection for all requests, with trailers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, Uri, Version, header};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Mutex as AsyncMutex;

use super::connector::{Connector, Spawn, Upstream};
use super::error::ForwardError;
use super::pool::RequestBody;

/// What the type of gRPC's bodies begins with.
const CONTENT_TYPE: &[u8] = b"application/grpc";

/// A connection that all requests to a server share; whoever makes it has the others wait for it.
type Shared = Arc<AsyncMutex<Option<SendRequest<RequestBody>>>>;

/// The connections, by server.
#[derive(Clone, Default)]
pub(super) struct Connections(Arc<Mutex<HashMap<Upstream, Shared>>>);

/// Whether a request is one of gRPC.
pub fn is_grpc<B>(request: &Request<B>) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    request.version() == Version::HTTP_2
        && content_type.is_some_and(|told| told.as_bytes().starts_with(CONTENT_TYPE))
}

/// Makes a request that was prepared for HTTP/1.1 one of HTTP/2.
pub(super) fn as_http2(request: &mut Request<RequestBody>) -> Result<(), http::Error> {
    let headers: &mut HeaderMap = request.headers_mut();
    let host = headers.remove(header::HOST);
    // It is said to the next hop only, and gRPC's servers insist on it.
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    let authority = host
        .as_ref()
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let uri = Uri::builder()
        .scheme("http")
        .authority(authority)
        .path_and_query(path)
        .build()?;
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_2;
    Ok(())
}

impl Connections {
    /// The connection to a server; a new one where there is none.
    pub(super) async fn to(
        &self,
        connector: &dyn Connector,
        limit: Duration,
        spawn: &Spawn,
    ) -> Result<SendRequest<RequestBody>, ForwardError> {
        let upstream = connector.upstream();
        let shared = self.of(upstream);
        let mut shared = shared.lock().await;
        if let Some(kept) = shared.as_ref().filter(|kept| !kept.is_closed()) {
            return Ok(kept.clone());
        }
        let connected = tokio::time::timeout(limit, connector.connect()).await;
        let io = connected
            .map_err(|_| ForwardError::ConnectTimeout {
                upstream: upstream.clone(),
                limit,
            })?
            .map_err(|source| ForwardError::Connect {
                upstream: upstream.clone(),
                source,
            })?;
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await;
        let (sender, connection) = handshake.map_err(|source| ForwardError::Exchange {
            upstream: upstream.clone(),
            source,
        })?;
        let name = upstream.clone();
        spawn(Box::pin(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, upstream = %name, "a connection to a server broke");
            }
        }));
        *shared = Some(sender.clone());
        Ok(sender)
    }

    fn of(&self, upstream: &Upstream) -> Shared {
        let mut connections = self.lock();
        // Those of servers that are gone are let go, too.
        connections.retain(|_, shared| {
            let is_closed = shared
                .try_lock()
                .is_ok_and(|kept| kept.as_ref().is_none_or(SendRequest::is_closed));
            Arc::strong_count(shared) > 1 || !is_closed
        });
        Arc::clone(connections.entry(upstream.clone()).or_default())
    }

    /// Closes the connection to a server that is gone, once its last request is answered.
    pub(super) fn forget(&self, upstream: &Upstream) {
        self.lock().remove(upstream);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Upstream, Shared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a request over a connection.
pub(super) async fn exchange(
    mut sender: SendRequest<RequestBody>,
    request: Request<RequestBody>,
    upstream: &Upstream,
) -> Result<http::Response<Incoming>, ForwardError> {
    let sent = async {
        sender.ready().await?;
        sender.send_request(request).await
    };
    sent.await.map_err(|source| ForwardError::Exchange {
        upstream: upstream.clone(),
        source,
    })
}
