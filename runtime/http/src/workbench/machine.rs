//! The workbench itself and its machine: health, environments, what can be freed, what is missing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use coracle_app::Workbench;
use coracle_app::view::{DoctorReport, EnvironmentList, GcFreed, GcPlan, GcRequest, Health};

use crate::body::{Asked, Sent};
use crate::error::Refusal;

pub(super) async fn health(State(workbench): State<Workbench>) -> Result<Json<Health>, Refusal> {
    Ok(Json(workbench.health().await?))
}

pub(super) async fn environments(
    State(workbench): State<Workbench>,
) -> Result<Json<EnvironmentList>, Refusal> {
    Ok(Json(workbench.environments().await?))
}

pub(super) async fn remove_environment(
    State(workbench): State<Workbench>,
    Path(key): Path<String>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_environment(&key).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn gc_plan(
    State(workbench): State<Workbench>,
    Asked(request): Asked<GcRequest>,
) -> Result<Json<GcPlan>, Refusal> {
    Ok(Json(workbench.gc_plan(request).await?))
}

pub(super) async fn gc(
    State(workbench): State<Workbench>,
    Sent(request): Sent<GcRequest>,
) -> Result<Json<GcFreed>, Refusal> {
    Ok(Json(workbench.gc(request).await?))
}

pub(super) async fn doctor(
    State(workbench): State<Workbench>,
) -> Result<Json<DoctorReport>, Refusal> {
    Ok(Json(workbench.doctor().await?))
}
