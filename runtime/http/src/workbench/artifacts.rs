//! Artifacts.

use axum::Json;
use axum::extract::{Path, State};
use coracle_app::Workbench;
use coracle_app::view::{
    ArtifactDetail, ArtifactFiles, ArtifactList, ArtifactPreview, ArtifactQuery, LineageGraph,
    LineageQuery, PathQuery,
};
use coracle_model::ArtifactId;

use crate::body::Asked;
use crate::error::Refusal;

pub(super) async fn list(
    State(workbench): State<Workbench>,
    Asked(query): Asked<ArtifactQuery>,
) -> Result<Json<ArtifactList>, Refusal> {
    Ok(Json(workbench.artifact_list(query).await?))
}

pub(super) async fn of_run(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<ArtifactList>, Refusal> {
    Ok(Json(workbench.artifacts(run).await?))
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<ArtifactDetail>, Refusal> {
    Ok(Json(workbench.artifact(number(&id)?).await?))
}

pub(super) async fn files(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<ArtifactFiles>, Refusal> {
    Ok(Json(workbench.artifact_files(number(&id)?).await?))
}

pub(super) async fn preview(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
    Asked(query): Asked<PathQuery>,
) -> Result<Json<ArtifactPreview>, Refusal> {
    Ok(Json(workbench.artifact_preview(number(&id)?, query).await?))
}

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
