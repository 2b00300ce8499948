//! The workbench itself and its machine: health, environments, what can be freed, what is missing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use coracle_app::Workbench;
use coracle_app::view::{DoctorReport, EnvironmentList, GcFreed, GcPlan, GcRequest, Health};

use crate::body::{Asked, Sent};
use crate::error::Refusal;

/// Whether the workbench answers, and which it is.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "get_health",
    tag = "workbench",
    responses((status = 200, description = "It answers", body = Health))
)]
pub(super) async fn health(State(workbench): State<Workbench>) -> Result<Json<Health>, Refusal> {
    Ok(Json(workbench.health().await?))
}

/// The prepared environments that are kept.
#[utoipa::path(
    get,
    path = "/environments",
    operation_id = "list_environments",
    tag = "environments",
    responses((status = 200, description = "The environments, newest first", body = EnvironmentList))
)]
pub(super) async fn environments(
    State(workbench): State<Workbench>,
) -> Result<Json<EnvironmentList>, Refusal> {
    Ok(Json(workbench.environments().await?))
}

/// Removes a prepared environment; the next step that needs it makes it again.
#[utoipa::path(
    delete,
    path = "/environments/{key}",
    operation_id = "delete_environment",
    tag = "environments",
    params(("key" = String, Path, description = "The environment's key, or a beginning of it that is unique")),
    responses((status = 204, description = "It is gone"))
)]
pub(super) async fn remove_environment(
    State(workbench): State<Workbench>,
    Path(key): Path<String>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_environment(&key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a collection would free.
#[utoipa::path(
    get,
    path = "/gc",
    operation_id = "plan_gc",
    tag = "workbench",
    params(GcRequest),
    responses((status = 200, description = "What would go", body = GcPlan))
)]
pub(super) async fn gc_plan(
    State(workbench): State<Workbench>,
    Asked(request): Asked<GcRequest>,
) -> Result<Json<GcPlan>, Refusal> {
    Ok(Json(workbench.gc_plan(request).await?))
}

/// Frees what a plan names.
#[utoipa::path(
    post,
    path = "/gc",
    operation_id = "run_gc",
    tag = "workbench",
    request_body = GcRequest,
    responses((status = 200, description = "What went", body = GcFreed))
)]
pub(super) async fn gc(
    State(workbench): State<Workbench>,
    Sent(request): Sent<GcRequest>,
) -> Result<Json<GcFreed>, Refusal> {
    Ok(Json(workbench.gc(request).await?))
}

/// What the workbench found on this machine, each problem with a fix.
#[utoipa::path(
    get,
    path = "/doctor",
    operation_id = "get_doctor_report",
    tag = "workbench",
    responses((status = 200, description = "Everything that was looked at", body = DoctorReport))
)]
pub(super) async fn doctor(
    State(workbench): State<Workbench>,
) -> Result<Json<DoctorReport>, Refusal> {
    Ok(Json(workbench.doctor().await?))
}
