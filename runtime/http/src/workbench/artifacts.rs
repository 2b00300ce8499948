//! Artifacts.

use axum::Json;
use axum::extract::{Path, State};
use coracle_app::Workbench;
use coracle_app::view::{ArtifactDetail, ArtifactList};
use coracle_model::ArtifactId;

use crate::error::Refusal;

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
    let number = id.parse().map_err(|_| {
        Refusal::request(
            format!("`{id}` is no artifact's number"),
            "artifacts are numbered: `12`",
        )
    })?;
    Ok(Json(workbench.artifact(ArtifactId(number)).await?))
}
