//! Which path leads where.

use axum::Router;
use axum::routing::get;
use coracle_app::Workbench;

use super::{artifacts, tasks};

/// What can be asked of artifacts and tasks.
pub(crate) fn routes() -> Router<Workbench> {
    let api = Router::new()
        .route("/artifacts", get(artifacts::list))
        .route("/artifacts/{artifact_id}", get(artifacts::show))
        .route("/artifact_tasks", get(artifacts::links))
        .route("/tasks", get(tasks::list))
        .route("/tasks/{task_id}", get(tasks::show));
    Router::new().nest("/apis/v2beta1", api)
}
