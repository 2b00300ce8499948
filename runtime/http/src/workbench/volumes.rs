//! Persistent volume claims.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use coracle_app::Workbench;
use coracle_app::view::{PutVolume, VolumeList};

use crate::body::Sent;
use crate::error::Refusal;

pub(super) async fn list(State(workbench): State<Workbench>) -> Result<Json<VolumeList>, Refusal> {
    Ok(Json(workbench.volume_list().await?))
}

pub(super) async fn create(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
    Sent(request): Sent<PutVolume>,
) -> Result<StatusCode, Refusal> {
    workbench.create_volume(name, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_volume(name).await?;
    Ok(StatusCode::NO_CONTENT)
}
