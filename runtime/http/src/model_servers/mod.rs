//! Model servers, below `/serving/{namespace}/{name}/` and by the host of their own address.
//!
//! ```text
//!   Host: NAME-NAMESPACE.example.com ──► /serving/NAMESPACE/NAME/PATH ──► Front: held while it sleeps
//!        a revision by its share ◄── Turns ◄──┘
//!            └──► a pod that has least to do; another one, where it goes before it has answered
//! ```

mod account;
mod body;
mod embedded;
mod front;
mod graph;
mod recording;
mod replay;
mod turns;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use coracle_app::Workbench;

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

/// Leads a request to a model server's own host to its path.
pub(crate) async fn by_host(
    State(workbench): State<Workbench>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(uri) = led(&workbench, request.uri(), request.headers()) {
        *request.uri_mut() = uri;
        // Whom it is for stands in its path now.
        let here = HeaderValue::from_static("localhost");
        request.headers_mut().insert(header::HOST, here);
    }
    next.run(request).await
}

fn led(workbench: &Workbench, uri: &Uri, headers: &HeaderMap) -> Option<Uri> {
    // In HTTP/2 it stands in the address.
    let named = match uri.host() {
        Some(host) => host,
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    let host = named
        .split(':')
        .next()
        .filter(|host| host.ends_with(DOMAIN))?;
    let (namespace, name) = workbench.model_server_at(host)?;
    let asked = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    format!("/serving/{namespace}/{name}{asked}").parse().ok()
}
