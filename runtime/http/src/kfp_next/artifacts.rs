//! Artifacts, and which task reads or makes which.

use axum::Json;
use axum::extract::{Path, State};
use coracle_app::Workbench;
use coracle_app::view::ArtifactQuery;

use super::present;
use super::query::{Fields, artifact, write_place};
use super::wire::{Artifact, ListArtifactResponse, ListArtifactTasksResponse};
use crate::error::Refusal;

pub(super) async fn list(
    State(workbench): State<Workbench>,
    fields: Fields,
) -> Result<Json<ListArtifactResponse>, Refusal> {
    fields.only(&[])?;
    let query = ArtifactQuery {
        after: fields.page_token(|text| artifact(text).ok())?,
        limit: Some(fields.page_size()?),
        ..ArtifactQuery::default()
    };
    let list = workbench.artifact_list(query).await?;
    Ok(Json(ListArtifactResponse {
        artifacts: list.artifacts.iter().map(present::artifact).collect(),
        next_page_token: list.next.map(|id| id.to_string()).unwrap_or_default(),
    }))
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<Artifact>, Refusal> {
    let detail = workbench.artifact(artifact(&id)?).await?;
    Ok(Json(present::artifact(&detail)))
}

pub(super) async fn links(
    State(workbench): State<Workbench>,
    fields: Fields,
) -> Result<Json<ListArtifactTasksResponse>, Refusal> {
    let list = workbench.artifact_links(fields.links()?).await?;
    Ok(Json(ListArtifactTasksResponse {
        artifact_tasks: list.links.into_iter().map(present::link).collect(),
        next_page_token: list.next.map(write_place).unwrap_or_default(),
    }))
}
