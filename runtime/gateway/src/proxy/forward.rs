//! One request and its answer.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use hyper::body::{Body as HttpBody, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::body::{Body, Lease, box_body};
use super::connector::{Connector, Spawn, Upstream};
use super::error::ForwardError;
use super::grpc::{self, Connections, as_http2, is_grpc};
use super::headers::{add_forwarded, set_upgrade, take_hop_by_hop};
use super::pool::{Pool, RequestBody};
use super::route::Route;
use super::tunnel::{HalfClose, tunnel};

/// What a connection to a server may hold of an answer that is not read yet.
const READ_BYTES: usize = 512 * 1024;

/// What is kept for as long as an upgrade lasts: an extension of the request that asks for one.
#[derive(Clone)]
pub struct KeptWhileOpen(pub Arc<dyn Any + Send + Sync>);

/// Passes requests on, over connections that it keeps for the next ones.
#[derive(Clone)]
pub struct Proxy {
    pool: Pool,
    shared: Connections,
    spawn: Spawn,
}

impl Proxy {
    /// A proxy without connections.
    pub fn new(spawn: Spawn) -> Self {
        Self {
            pool: Pool::default(),
            shared: Connections::default(),
            spawn,
        }
    }

    /// Closes idle connections to a server that is gone.
    pub fn forget(&self, upstream: &Upstream) {
        self.pool.forget(upstream);
        self.shared.forget(upstream);
    }

    /// Passes a request on, and its answer back. An upgrade goes on by itself.
    pub async fn forward<B>(
        &self,
        request: Request<B>,
        connector: &dyn Connector,
        route: &Route,
    ) -> Result<Response<Body>, ForwardError>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut request = request.map(box_body);
        if is_grpc(&request) {
            return self.forward_grpc(request, connector, route).await;
        }
        let client = hyper::upgrade::on(&mut request);
        let kept = request.extensions_mut().remove::<KeptWhileOpen>();
        let (request, upgrade) = prepare(request, route)?;
        let (mut response, lease) = self.exchange(request, connector, route).await?;
        let granted = take_hop_by_hop(response.headers_mut());
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response.map(|incoming| Body::new(incoming, lease)));
        }
        let (Some(_), Some(granted)) = (upgrade, granted) else {
            let upstream = connector.upstream().clone();
            return Err(ForwardError::Switched { upstream });
        };
        let server = hyper::upgrade::on(&mut response);
        let open = go_on(client, server, half_close_of(&granted));
        (self.spawn)(Box::pin(async move {
            open.await;
            drop(kept);
        }));
        set_upgrade(response.headers_mut(), granted);
        Ok(response.map(|_| Body::empty()))
    }

    async fn forward_grpc(
        &self,
        request: Request<RequestBody>,
        connector: &dyn Connector,
        route: &Route,
    ) -> Result<Response<Body>, ForwardError> {
        let path = request.uri().path().to_owned();
        let (mut request, _) = prepare(request, route)?;
        as_http2(&mut request).map_err(|source| ForwardError::Path { path, source })?;
        let limit = route.connect_limit;
        let sender = self.shared.to(connector, limit, &self.spawn).await?;
        let mut response = grpc::exchange(sender, request, connector.upstream()).await?;
        take_hop_by_hop(response.headers_mut());
        Ok(response.map(Body::shared))
    }

    async fn exchange(
        &self,
        request: Request<RequestBody>,
        connector: &dyn Connector,
        route: &Route,
    ) -> Result<(Response<Incoming>, Lease), ForwardError> {
        let again = repeatable(&request);
        let kept = self.pool.take(connector.upstream());
        // The server may have closed it by now.
        let is_used = kept.is_some();
        let mut sender = match kept {
            Some(sender) => sender,
            None => self.connect(connector, route).await?,
        };
        let source = match sender.try_send_request(request).await {
            Ok(response) => return Ok((response, self.lease(connector, sender))),
            Err(mut failed) if is_used => {
                // What was never sent can be sent, and what may be sent twice can be sent again.
                match failed.take_message().or(again) {
                    Some(request) => return self.retry(request, connector, route).await,
                    None => failed.into_error(),
                }
            }
            Err(failed) => failed.into_error(),
        };
        let upstream = connector.upstream().clone();
        Err(ForwardError::Exchange { upstream, source })
    }

    async fn retry(
        &self,
        request: Request<RequestBody>,
        connector: &dyn Connector,
        route: &Route,
    ) -> Result<(Response<Incoming>, Lease), ForwardError> {
        let mut sender = self.connect(connector, route).await?;
        match sender.send_request(request).await {
            Ok(response) => Ok((response, self.lease(connector, sender))),
            Err(source) => {
                let upstream = connector.upstream().clone();
                Err(ForwardError::Exchange { upstream, source })
            }
        }
    }

    async fn connect(
        &self,
        connector: &dyn Connector,
        route: &Route,
    ) -> Result<SendRequest<RequestBody>, ForwardError> {
        let upstream = || connector.upstream().clone();
        let limit = route.connect_limit;
        let connected = tokio::time::timeout(limit, connector.connect()).await;
        let io = connected
            .map_err(|_| ForwardError::ConnectTimeout {
                upstream: upstream(),
                limit,
            })?
            .map_err(|source| ForwardError::Connect {
                upstream: upstream(),
                source,
            })?;
        let handshake = http1::Builder::new()
            .max_buf_size(READ_BYTES)
            .handshake(TokioIo::new(io));
        let (sender, connection) = handshake.await.map_err(|source| ForwardError::Exchange {
            upstream: upstream(),
            source,
        })?;
        let name = upstream();
        (self.spawn)(Box::pin(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, upstream = %name, "a connection to a server broke");
            }
        }));
        Ok(sender)
    }

    fn lease(&self, connector: &dyn Connector, sender: SendRequest<RequestBody>) -> Lease {
        Lease {
            pool: self.pool.clone(),
            upstream: connector.upstream().clone(),
            sender,
        }
    }
}

/// The request as the server is to see it, and the upgrade it asks for.
fn prepare(
    request: Request<RequestBody>,
    route: &Route,
) -> Result<(Request<RequestBody>, Option<HeaderValue>), ForwardError> {
    let (mut head, body) = request.into_parts();
    let path = route.path.apply(&head.uri);
    let path = path.map_err(|source| ForwardError::Path {
        path: head.uri.path().to_owned(),
        source,
    })?;
    let upgrade = take_hop_by_hop(&mut head.headers);
    add_forwarded(&mut head.headers, &head.uri, route);
    if let Some(upgrade) = &upgrade {
        set_upgrade(&mut head.headers, upgrade.clone());
    }
    let mut forwarded = Request::new(body);
    *forwarded.method_mut() = head.method;
    *forwarded.uri_mut() = Uri::from(path);
    *forwarded.version_mut() = Version::HTTP_11;
    *forwarded.headers_mut() = head.headers;
    Ok((forwarded, upgrade))
}

/// The same request, if it may be sent twice and its body, having none, can be.
fn repeatable(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    let is_idempotent = [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PUT,
        Method::DELETE,
    ]
    .contains(request.method());
    if !is_idempotent || !request.body().is_end_stream() {
        return None;
    }
    let mut again = Request::new(box_body(http_body_util::Empty::new()));
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = HeaderMap::clone(request.headers());
    Some(again)
}

fn half_close_of(upgrade: &HeaderValue) -> HalfClose {
    if upgrade.as_bytes().eq_ignore_ascii_case(b"websocket") {
        HalfClose::Unknown
    } else {
        HalfClose::Meant
    }
}

async fn go_on(client: OnUpgrade, server: OnUpgrade, half_close: HalfClose) {
    match tokio::try_join!(client, server) {
        Ok((client, server)) => {
            tunnel(TokioIo::new(client), TokioIo::new(server), half_close).await;
        }
        Err(error) => tracing::debug!(%error, "an upgrade was granted and not taken"),
    }
}
