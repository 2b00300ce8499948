//! Artifacts.

use axum::Json;
use axum::extract::{Path, State};
use coracle_app::Workbench;
use coracle_app::view::{
    ArtifactDetail, ArtifactFiles, ArtifactList, ArtifactPreview, ArtifactQuery, ArtifactRemoval,
    LineageGraph, LineageQuery, PathQuery,
};
use coracle_model::ArtifactId;

use crate::body::Asked;
use crate::error::Refusal;

/// All artifacts, newest first.
#[utoipa::path(
    get,
    path = "/artifacts",
    operation_id = "list_artifacts",
    tag = "artifacts",
    params(ArtifactQuery),
    responses((status = 200, description = "A page of artifacts", body = ArtifactList))
)]
pub(super) async fn list(
    State(workbench): State<Workbench>,
    Asked(query): Asked<ArtifactQuery>,
) -> Result<Json<ArtifactList>, Refusal> {
    Ok(Json(workbench.artifact_list(query).await?))
}

/// What a run made, imported, read or took from an earlier one.
#[utoipa::path(
    get,
    path = "/runs/{run}/artifacts",
    operation_id = "list_run_artifacts",
    tag = "artifacts",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    responses((status = 200, description = "All of them, newest first", body = ArtifactList))
)]
pub(super) async fn of_run(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<ArtifactList>, Refusal> {
    Ok(Json(workbench.artifacts(run).await?))
}

/// One artifact with everyone who made and read it.
#[utoipa::path(
    get,
    path = "/artifacts/{id}",
    operation_id = "get_artifact",
    tag = "artifacts",
    params(("id" = i64, Path, description = "The artifact's number")),
    responses((status = 200, description = "The artifact", body = ArtifactDetail))
)]
pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<ArtifactDetail>, Refusal> {
    Ok(Json(workbench.artifact(number(&id)?).await?))
}

/// What deleting the bytes of an artifact would free, and which runs would lose them.
#[utoipa::path(
    get,
    path = "/artifacts/{id}/removal",
    operation_id = "plan_artifact_removal",
    tag = "artifacts",
    params(("id" = i64, Path, description = "The artifact's number")),
    responses((status = 200, description = "What would go", body = ArtifactRemoval))
)]
pub(super) async fn removal(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<ArtifactRemoval>, Refusal> {
    Ok(Json(workbench.artifact_removal(number(&id)?).await?))
}

/// Deletes the bytes of an artifact. What is known of it stays; nothing brings the bytes back.
#[utoipa::path(
    delete,
    path = "/artifacts/{id}",
    operation_id = "delete_artifact",
    tag = "artifacts",
    params(("id" = i64, Path, description = "The artifact's number")),
    responses((status = 200, description = "What went", body = ArtifactRemoval))
)]
pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<ArtifactRemoval>, Refusal> {
    Ok(Json(workbench.remove_artifact(number(&id)?).await?))
}

/// The files of an artifact that is a folder.
#[utoipa::path(
    get,
    path = "/artifacts/{id}/files",
    operation_id = "list_artifact_files",
    tag = "artifacts",
    params(("id" = i64, Path, description = "The artifact's number")),
    responses((status = 200, description = "The files", body = ArtifactFiles))
)]
pub(super) async fn files(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<ArtifactFiles>, Refusal> {
    Ok(Json(workbench.artifact_files(number(&id)?).await?))
}

/// What to show of an artifact, or of a file in it.
#[utoipa::path(
    get,
    path = "/artifacts/{id}/preview",
    operation_id = "preview_artifact",
    tag = "artifacts",
    params(("id" = i64, Path, description = "The artifact's number"), PathQuery),
    responses((status = 200, description = "What to show", body = ArtifactPreview))
)]
pub(super) async fn preview(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
    Asked(query): Asked<PathQuery>,
) -> Result<Json<ArtifactPreview>, Refusal> {
    Ok(Json(workbench.artifact_preview(number(&id)?, query).await?))
}

/// What an artifact was made from and what was made from it, across runs.
#[utoipa::path(
    get,
    path = "/artifacts/{id}/lineage",
    operation_id = "get_artifact_lineage",
    tag = "artifacts",
    params(("id" = i64, Path, description = "The artifact's number"), LineageQuery),
    responses((status = 200, description = "Artifacts and the steps between them", body = LineageGraph))
)]
pub(super) async fn lineage(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
    Asked(query): Asked<LineageQuery>,
) -> Result<Json<LineageGraph>, Refusal> {
    Ok(Json(workbench.artifact_lineage(number(&id)?, query).await?))
}

pub(super) fn number(id: &str) -> Result<ArtifactId, Refusal> {
    id.parse().map(ArtifactId).map_err(|_| {
        Refusal::request(
            format!("`{id}` is no artifact's number"),
            "artifacts are numbered: `12`",
        )
    })
}
