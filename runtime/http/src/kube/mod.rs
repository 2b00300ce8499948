//! A part of the Kubernetes API, as its own server answers it: kubectl, the clients for Python and Go and the SDKs on
//! top of them work with it unchanged.
//!
//! ```text
//! GET    /version  /healthz  /livez  /readyz
//! GET    /api  /apis  /apis/{group}  /api/v1  /apis/{group}/{version}       discovery
//! GET    /openapi/v3  /openapi/v3/{group and version}                       schemas
//! GET    .../{resource}                      list, ?watch=true               POST   DELETE
//! GET    .../{resource}/{name}               PUT  PATCH  DELETE
//! GET    .../{resource}/{name}/status        PUT  PATCH
//! GET    .../pods/{name}/log                 POST .../exec  attach  portforward
//!
//! request ─path─► what is meant ─► a verb of `coracle_apiserver` ─answer─► JSON, YAML, table or metadata
//! ```
//!
//! The kinds are those of `coracle_objects`; nothing here knows one but pods, into which one can connect.
//! `docs/kubernetes-api.md` lists what is not offered and what is not the same.

mod answer;
mod discovery;
mod objects;
mod openapi;
mod parts;
mod path;
mod query;
mod review;
mod server;
mod watch;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use coracle_app::Workbench;
use coracle_objects::kind;

use answer::{Refused, json_answer};
use path::Place;

/// Everything that is the Kubernetes API's.
pub(crate) fn routes() -> Router<Workbench> {
    let mut routes = Router::new()
        .route(
            "/version",
            get(|| async { json_answer(StatusCode::OK, &server::version()) }),
        )
        .route(
            "/version/",
            get(|| async { json_answer(StatusCode::OK, &server::version()) }),
        )
        .route("/healthz", get(|| async { "ok" }))
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(|| async { "ok" }))
        .route("/api", any(answer))
        .route("/api/", any(answer))
        .route("/api/{*rest}", any(answer))
        .route("/apis", any(answer))
        .route("/apis/", any(answer));
    let documents = openapi::Documents::default();
    let all = documents.clone();
    let index = move |State(workbench): State<Workbench>| {
        let documents = all.clone();
        async move { documents.index(workbench.kubernetes()) }
    };
    let one = move |State(workbench): State<Workbench>, Path(path): Path<String>| {
        let documents = documents.clone();
        async move { documents.one(workbench.kubernetes(), &path) }
    };
    routes = routes
        .route(
            "/openapi/v2",
            get(|headers: HeaderMap| async move { openapi::older(&headers) }),
        )
        .route("/openapi/v3", get(index.clone()))
        .route("/openapi/v3/", get(index))
        .route("/openapi/v3/{*path}", get(one));
    let mut groups: Vec<_> = kind::group_versions()
        .into_iter()
        .map(|served| served.group)
        .filter(|group| !group.is_empty())
        .collect();
    groups.dedup();
    for group in groups {
        routes = routes
            .route(&format!("/apis/{group}"), any(answer))
            .route(&format!("/apis/{group}/"), any(answer))
            .route(&format!("/apis/{group}/{{*rest}}"), any(answer));
    }
    routes
}

/// The refusal of a path below `/apis` that leads nowhere.
pub(crate) fn no_path() -> Response {
    server::no_path()
}

async fn answer(State(workbench): State<Workbench>, request: Request) -> Response {
    let headers = request.headers().clone();
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    match Place::of(request.uri().path()) {
        Place::Objects(target) => match objects::answer(&workbench, target, request).await {
            Ok(response) => response,
            Err(refused) => refused.into_response(),
        },
        Place::NoResource => Refused(objects::no_resource()).into_response(),
        Place::Nothing => server::no_path(),
        _ if !reading => Refused(objects::method_not_allowed()).into_response(),
        Place::CoreVersions => discovery::core(&headers),
        Place::Groups => discovery::groups(&headers),
        Place::Group(group) => discovery::group(group),
        Place::Resources { group, version } => discovery::resources(group, version),
    }
}
