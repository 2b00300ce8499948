//! Which path leads where. Paths and methods that lead nowhere are refused as KFP's gateway refuses them.

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use coracle_app::Workbench;

use super::fault::Fault;
use super::{
    experiments, health, nodes, packages, pipelines, recurring_runs, runs, uploads, versions,
};

const ROOT: &str = "/apis/v2beta1";

/// Everything below `/apis` that is KFP's.
pub(crate) fn routes() -> Router<Workbench> {
    let api = experiment_routes()
        .merge(pipeline_routes())
        .merge(run_routes())
        .merge(recurring_run_routes())
        .layer(from_fn(refuse_head));
    Router::new()
        .nest(ROOT, api)
        // These two take any method.
        .route(&format!("{ROOT}/healthz"), any(health::health))
        .route("/apis/v1beta1/healthz", any(health::health_v1))
        .route("/apis/v1beta1/auth", get(health::authorize))
        .route(
            "/apis/v1alpha1/runs/{run}/nodes/{node}/log",
            any(nodes::log),
        )
}

/// Whether a path is refused as KFP's gateway refuses it: below `/apis` its versions stand where Kubernetes has groups.
pub(crate) fn is_below(path: &str) -> bool {
    let version = path
        .strip_prefix("/apis/v")
        .and_then(|rest| rest.split('/').next());
    version.is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
}

pub(crate) fn no_path() -> Response {
    Fault::no_path().into_response()
}

pub(crate) fn no_method() -> Response {
    Fault::no_method().into_response()
}

fn experiment_routes() -> Router<Workbench> {
    Router::new()
        .route(
            "/experiments",
            get(experiments::list).post(experiments::create),
        )
        .route(
            "/experiments/",
            get(experiments::show).delete(experiments::remove),
        )
        .route(
            "/experiments/{experiment}",
            get(experiments::show)
                .delete(experiments::remove)
                .post(experiments::act),
        )
}

fn pipeline_routes() -> Router<Workbench> {
    let one = || {
        get(pipelines::show)
            .patch(pipelines::patch)
            .delete(pipelines::remove)
    };
    Router::new()
        .route("/pipelines", get(pipelines::list).post(pipelines::create))
        .route("/pipelines/create", post(packages::create_pipeline))
        .route("/pipelines/upload", any(uploads::pipeline))
        .route("/pipelines/upload_version", any(uploads::version))
        .route("/pipelines/names/{name}", get(pipelines::show_by_name))
        .route("/pipelines/", one())
        .route("/pipelines/{pipeline}", one())
        .route(
            "/pipelines/{pipeline}/versions",
            get(versions::list).post(packages::create_version),
        )
        .route(
            "/pipelines/{pipeline}/versions/{version}",
            get(versions::show)
                .patch(versions::patch)
                .delete(versions::remove),
        )
}

fn run_routes() -> Router<Workbench> {
    Router::new()
        .route("/runs", get(runs::list).post(runs::create))
        .route("/runs/", get(runs::show).delete(runs::remove))
        .route(
            "/runs/{run}",
            get(runs::show).delete(runs::remove).post(runs::act),
        )
        .route(
            "/runs/{run}/nodes/{node}/artifacts/{artifact}",
            get(nodes::read_artifact),
        )
}

fn recurring_run_routes() -> Router<Workbench> {
    Router::new()
        .route(
            "/recurringruns",
            get(recurring_runs::list).post(recurring_runs::create),
        )
        .route(
            "/recurringruns/",
            get(recurring_runs::show).delete(recurring_runs::remove),
        )
        .route(
            "/recurringruns/{recurring_run}",
            get(recurring_runs::show)
                .delete(recurring_runs::remove)
                .post(recurring_runs::act),
        )
}

/// A route that takes GET would take HEAD, too; KFP's gateway does not.
async fn refuse_head(request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD {
        return no_method();
    }
    next.run(request).await
}
