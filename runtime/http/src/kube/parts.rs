//! The parts of objects that are no objects: a pod's log, and connections into it.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_objects::Resource;

use super::answer::Refused;
use super::path::Target;

/// Whether a part is one of these.
pub(super) fn is_connection(resource: &Resource, part: &str) -> bool {
    resource.kind == "Pod" && matches!(part, "log" | "exec" | "attach" | "portforward")
}

/// Answers a request about such a part.
pub(super) async fn answer(
    workbench: &Workbench,
    target: Target,
    request: Request,
) -> Result<Response, Refused> {
    let _ = request;
    let place = coracle_apiserver::Place::of(
        target.resource,
        target.namespace.as_deref().unwrap_or_default(),
        target.name.as_deref().unwrap_or_default(),
    );
    workbench.kubernetes().get(&place)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
