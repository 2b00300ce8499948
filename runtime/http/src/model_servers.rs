//! Model servers, below `/serving/{namespace}/{name}/` and by the host of their own address.
//!
//! ```text
//!   Host: NAME-NAMESPACE.example.com ──► /serving/NAMESPACE/NAME/PATH ──► a pod that is ready, one after another: PATH
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use coracle_app::{ModelServerStage, Workbench};
use coracle_gateway::proxy::{ForwardError, Host, PathRewrite, Peer, Proxy, Route, Scheme, Spawn};
use serde_json::json;

use crate::pod_connector::PodConnector;

/// How long a container may take to take a connection: it is on this machine.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How soon a server that is not ready may be asked again, in seconds.
const ASK_AGAIN: &str = "1";

/// The domain below which model servers have hosts. Nobody can have a name below it point anywhere: it is reserved (RFC 2606).
const DOMAIN: &str = ".example.com";

/// Everything below `/serving`.
pub(crate) fn routes(workbench: &Workbench) -> Router<Workbench> {
    let spawner = workbench.clone();
    let spawn: Spawn = Arc::new(move |connection| spawner.go_on(connection));
    let front = Front {
        workbench: workbench.clone(),
        proxy: Proxy::new(spawn),
        turn: Arc::new(AtomicUsize::new(0)),
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
        request
            .headers_mut()
            .insert(header::HOST, HeaderValue::from_static("localhost"));
    }
    next.run(request).await
}

fn led(workbench: &Workbench, uri: &Uri, headers: &HeaderMap) -> Option<Uri> {
    let named = headers.get(header::HOST)?.to_str().ok()?;
    let host = named
        .split(':')
        .next()
        .filter(|host| host.ends_with(DOMAIN))?;
    let (namespace, name) = workbench.model_server_at(host)?;
    let asked = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    format!("/serving/{namespace}/{name}{asked}").parse().ok()
}

/// What stands before the servers.
#[derive(Clone)]
struct Front {
    workbench: Workbench,
    proxy: Proxy,
    /// Counts requests, so that pods take turns.
    turn: Arc<AtomicUsize>,
}

impl Front {
    async fn answer(&self, namespace: &str, name: &str, path: &str, request: Request) -> Response {
        let servers = match self.workbench.model_server(namespace, name, path) {
            ModelServerStage::Absent => {
                let said =
                    format!("there is no model server `{name}` in the namespace `{namespace}`");
                return refusal(StatusCode::NOT_FOUND, &said);
            }
            ModelServerStage::NotReady(why) => return not_ready(name, &why),
            ModelServerStage::Ready(servers) => servers,
        };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let server = &servers[turn % servers.len()];
        let at = (
            server.namespace.as_str(),
            server.pod.as_str(),
            server.pod_uid.as_str(),
        );
        let connector = PodConnector::new(&self.workbench, at, server.port);
        let route = Route {
            path: PathRewrite::Prefix {
                from: format!("/serving/{namespace}/{name}/"),
                to: "/".to_owned(),
            },
            set_headers: HeaderMap::new(),
            host: Host::Keep,
            peer: Peer {
                address: None,
                scheme: Scheme::Http,
            },
            connect_limit: CONNECT_LIMIT,
        };
        match self.proxy.forward(request, &connector, &route).await {
            Ok(response) => response.map(Body::new),
            Err(ForwardError::Connect { .. }) => not_ready(name, "its server takes no connection"),
            Err(error) => {
                tracing::debug!(%error, model = name, "a request was not passed on");
                let code = match error {
                    ForwardError::ConnectTimeout { .. } => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                };
                refusal(code, &format!("`{name}`: {error}"))
            }
        }
    }
}

fn not_ready(name: &str, why: &str) -> Response {
    let mut response = refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        &format!("`{name}` is not ready: {why}"),
    );
    let seconds = HeaderValue::from_static(ASK_AGAIN);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

/// A refusal in the form that servers of models give theirs.
fn refusal(code: StatusCode, said: &str) -> Response {
    (code, axum::Json(json!({ "error": said }))).into_response()
}
