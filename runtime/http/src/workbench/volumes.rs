//! Persistent volume claims.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use coracle_app::Workbench;
use coracle_app::view::{PutVolume, VolumeList};

use crate::body::Sent;
use crate::error::Refusal;

/// The volume claims, with what is in them.
#[utoipa::path(
    get,
    path = "/volumes",
    operation_id = "list_volumes",
    tag = "volumes",
    responses((status = 200, description = "By name", body = VolumeList))
)]
pub(super) async fn list(State(workbench): State<Workbench>) -> Result<Json<VolumeList>, Refusal> {
    Ok(Json(workbench.volume_list().await?))
}

/// Makes a volume claim; an equal one that is there stays as it is.
#[utoipa::path(
    put,
    path = "/volumes/{name}",
    operation_id = "put_volume",
    tag = "volumes",
    params(("name" = String, Path, description = "The name of the claim")),
    request_body = PutVolume,
    responses((status = 204, description = "It is there"))
)]
pub(super) async fn create(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
    Sent(request): Sent<PutVolume>,
) -> Result<StatusCode, Refusal> {
    workbench.create_volume(name, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a volume claim with everything in it.
#[utoipa::path(
    delete,
    path = "/volumes/{name}",
    operation_id = "delete_volume",
    tag = "volumes",
    params(("name" = String, Path, description = "The name of the claim")),
    responses((status = 204, description = "It is gone"))
)]
pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_volume(name).await?;
    Ok(StatusCode::NO_CONTENT)
}
