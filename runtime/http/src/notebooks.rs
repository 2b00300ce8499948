//! The servers of notebooks, below `/notebook/{namespace}/{name}/`: Jupyter, and whatever else serves HTTP.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::any;
use coracle_app::{NotebookServer, NotebookStage, Workbench};
use coracle_gateway::proxy::{ForwardError, PathRewrite, Proxy, headers_to_set};

use crate::pod_connector::{PodConnector, proxy, route};

/// How soon a page that waits for a server asks again, in seconds.
const ASK_AGAIN: &str = "1";

/// Everything below `/notebook`.
pub(crate) fn routes(workbench: &Workbench) -> Router<Workbench> {
    let front = Front {
        workbench: workbench.clone(),
        proxy: proxy(workbench),
    };
    let all = front.clone();
    let below = move |Path((namespace, name, _)): Path<(String, String, String)>, request| {
        let front = all.clone();
        async move { front.answer(&namespace, &name, request).await }
    };
    let root = move |Path((namespace, name)): Path<(String, String)>, request| {
        let front = front.clone();
        async move { front.answer(&namespace, &name, request).await }
    };
    let bare = |Path((namespace, name)): Path<(String, String)>| async move {
        Redirect::permanent(&format!("/notebook/{namespace}/{name}/"))
    };
    Router::new()
        .route("/notebook/{namespace}/{name}", any(bare))
        .route("/notebook/{namespace}/{name}/", any(root))
        .route("/notebook/{namespace}/{name}/{*rest}", any(below))
}

/// What stands before the servers.
#[derive(Clone)]
struct Front {
    workbench: Workbench,
    proxy: Proxy,
}

impl Front {
    async fn answer(&self, namespace: &str, name: &str, request: Request) -> Response {
        match self.workbench.notebook(namespace, name) {
            NotebookStage::Absent => {
                let text = format!("There is no notebook `{name}` in the namespace `{namespace}`.");
                page(StatusCode::NOT_FOUND, "No such notebook", &text, false)
            }
            NotebookStage::Stopped => {
                let text = format!(
                    "The notebook `{name}` is stopped. It starts with: kubectl annotate notebook {name} -n {namespace} kubeflow-resource-stopped-"
                );
                page(StatusCode::SERVICE_UNAVAILABLE, "Stopped", &text, false)
            }
            NotebookStage::Starting(waits) => starting(name, &waits),
            NotebookStage::Running(server) => self.forward(name, server, request).await,
        }
    }

    async fn forward(&self, name: &str, server: NotebookServer, request: Request) -> Response {
        let mut set_headers = match server.set_headers.as_deref().map(headers_to_set) {
            None => HeaderMap::new(),
            Some(Ok(headers)) => headers,
            Some(Err(error)) => {
                let text = format!(
                    "The annotation `notebooks.kubeflow.org/http-headers-request-set` cannot be used: {error}."
                );
                return page(StatusCode::BAD_GATEWAY, "Not served", &text, false);
            }
        };
        let authorization = server.authorization.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(mut value)) = authorization {
            value.set_sensitive(true);
            set_headers.insert(header::AUTHORIZATION, value);
        }
        let path = match &server.rewrite {
            None => PathRewrite::Keep,
            Some(to) => PathRewrite::Prefix {
                from: server.prefix.clone(),
                to: to.clone(),
            },
        };
        let route = route(path, set_headers);
        let at = (
            server.namespace.as_str(),
            server.pod.as_str(),
            server.pod_uid.as_str(),
        );
        let connector = PodConnector::new(&self.workbench, at, server.port);
        match self.proxy.forward(request, &connector, &route).await {
            Ok(response) => response.map(Body::new),
            // It runs and does not listen yet.
            Err(ForwardError::Connect { .. }) => starting(name, "its server begins to listen"),
            Err(error) => {
                tracing::debug!(%error, notebook = name, "a request was not passed on");
                let code = match error {
                    ForwardError::ConnectTimeout { .. } => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                };
                page(
                    code,
                    "No answer",
                    &format!("The notebook `{name}`: {error}."),
                    false,
                )
            }
        }
    }
}

fn starting(name: &str, waits: &str) -> Response {
    let text = if waits.is_empty() {
        format!("The notebook `{name}` is starting.")
    } else {
        format!("The notebook `{name}` is starting: {waits}.")
    };
    page(StatusCode::SERVICE_UNAVAILABLE, "Starting", &text, true)
}

/// A page that says why there is no server; one that will be there is asked for again.
fn page(code: StatusCode, title: &str, text: &str, again: bool) -> Response {
    let refresh = if again {
        format!("<meta http-equiv=\"refresh\" content=\"{ASK_AGAIN}\">")
    } else {
        String::new()
    };
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}<title>{}</title>\
        <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:20vh auto;padding:0 1em;color-scheme:light dark}}</style>\
        </head><body><h1>{}</h1><p>{}</p></body></html>\n",
        escaped(title),
        escaped(title),
        escaped(text)
    );
    let mut response = (code, body).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if again {
        let seconds = HeaderValue::from_static(ASK_AGAIN);
        headers.insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
