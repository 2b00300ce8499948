//! Model servers, below `/serving/{namespace}/{name}/` and by the host of their own address.
//!
//! ```text
//!   Host: NAME-NAMESPACE.example.com ──► /serving/NAMESPACE/NAME/PATH ──► Front: held while it sleeps
//!        a revision by its share ◄── Turns ◄──┘
//!            └──► a pod that has least to do; another one, where it goes before it has answered
//!   a Service's address ──► what the workbench answers for it, for pods
//! ```

mod account;
mod batch;
mod batcher;
mod before;
mod body;
mod copied;
mod embedded;
mod event;
mod front;
mod graph;
mod logger;
mod recording;
mod replay;
mod request;
mod request_id;
mod sinks;
mod turns;

use std::net::IpAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use coracle_app::Workbench;

use crate::peer::Peer;

pub(crate) use front::Front;

pub use embedded::serve_model;

/// The domain below which model servers have hosts. Nobody can have a name below it point anywhere: it is reserved (RFC 2606).
const DOMAIN: &str = ".example.com";

/// What Prometheus is told its text is.
const METRICS_TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything below `/serving`, and what is counted there.
pub(crate) fn routes(front: Front) -> Router<Workbench> {
    let accounts = front.accounts().clone();
    let metrics = move || async move {
        let content_type = [(header::CONTENT_TYPE, METRICS_TEXT)];
        (content_type, accounts.text()).into_response()
    };
    let below = move |Path((namespace, name, rest)): Path<(String, String, String)>, request| {
        let front = front.clone();
        async move { front.answer(&namespace, &name, &rest, request).await }
    };
    let root = below.clone();
    let root = move |Path((namespace, name)): Path<(String, String)>, request| {
        root(Path((namespace, name, String::new())), request)
    };
    Router::new()
        .route("/metrics", get(metrics))
        .route("/serving/{namespace}/{name}/", any(root.clone()))
        .route("/serving/{namespace}/{name}", any(root))
        .route("/serving/{namespace}/{name}/{*rest}", any(below))
}

/// Answers what pods ask a model server or a graph of the workbench's own by its service: what stands for that has its address.
pub(crate) async fn by_service(
    State(front): State<Front>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let asked = peer.and_then(|ConnectInfo(peer)| {
        let (namespace, name) = front.workbench().model_server_behind(peer.address)?;
        Some((namespace, name, peer.address))
    });
    let Some((namespace, name, address)) = asked else {
        return next.run(request).await;
    };
    if !is_of_a_pod(&request, (&namespace, &name), address) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(uri) = below(&namespace, &name, request.uri()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let path = request.uri().path().to_owned();
    *request.uri_mut() = uri;
    let path = path.trim_start_matches('/');
    front.answer(&namespace, &name, path, request).await
}

/// Whether a request to a Service is one that a pod may send: to that by its address or its name, and not from a page, which may have
/// had its own name lead there.
fn is_of_a_pod(request: &Request, (namespace, name): (&str, &str), address: IpAddr) -> bool {
    if request.headers().contains_key(header::ORIGIN) {
        return false;
    }
    let Some(named) = named(request.uri(), request.headers()) else {
        return true;
    };
    let host = named.rsplit_once(':').map_or(named, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.parse() == Ok(address) {
        return true;
    }
    let within = host.strip_suffix(".cluster.local").unwrap_or(host);
    let within = within.strip_suffix(".svc").unwrap_or(within);
    let (service, of) = within.split_once('.').unwrap_or((within, namespace));
    let is_its = service == name
        || service
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('-'));
    is_its && of == namespace
}

/// Leads a request to a model server's own host to its path.
pub(crate) async fn by_host(
    State(workbench): State<Workbench>,
    mut request: Request,
    next: Next,
) -> Response {
    let named = named(request.uri(), request.headers());
    if let Some(uri) = named.and_then(|named| led(&workbench, request.uri(), named)) {
        let origin = request.headers().get(header::ORIGIN).and_then(as_text);
        let is_of_own_page = origin.is_some_and(|origin| origin.strip_prefix("http://") == named);
        *request.uri_mut() = uri;
        // Whom it is for stands in its path now.
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        if is_of_own_page {
            let here = HeaderValue::from_static("http://localhost");
            headers.insert(header::ORIGIN, here);
        }
    }
    next.run(request).await
}

/// The host that a request names, with its port.
fn named<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    // In HTTP/2 it stands in the address.
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => as_text(headers.get(header::HOST)?),
    }
}

fn as_text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

fn led(workbench: &Workbench, uri: &Uri, named: &str) -> Option<Uri> {
    let host = named
        .split(':')
        .next()
        .filter(|host| host.ends_with(DOMAIN))?;
    let (namespace, name) = workbench.model_server_at(host)?;
    below(&namespace, &name, uri)
}

/// The path of a model server by which it is asked for what a request asks.
fn below(namespace: &str, name: &str, uri: &Uri) -> Option<Uri> {
    let asked = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    format!("/serving/{namespace}/{name}{asked}").parse().ok()
}
