//! Persistent volume claims.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use coracle_app::Workbench;
use coracle_app::view::{ContentQuery, FilesQuery, PutVolume, VolumeFiles, VolumeList};

use super::content::send;
use crate::body::{Asked, Sent};
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

/// What is in a folder of a volume claim.
#[utoipa::path(
    get,
    path = "/volumes/{name}/files",
    operation_id = "list_volume_files",
    tag = "volumes",
    params(("name" = String, Path, description = "The name of the claim"), FilesQuery),
    responses((status = 200, description = "Folders first, then by name", body = VolumeFiles))
)]
pub(super) async fn files(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
    Asked(query): Asked<FilesQuery>,
) -> Result<Json<VolumeFiles>, Refusal> {
    Ok(Json(workbench.volume_files(name, query.path).await?))
}

/// The bytes of a file of a volume claim; a folder as a tar archive.
#[utoipa::path(
    get,
    path = "/volumes/{name}/content",
    operation_id = "get_volume_content",
    tag = "volumes",
    params(("name" = String, Path, description = "The name of the claim"), ContentQuery),
    responses((status = 200, description = "All of it", content_type = "application/octet-stream"), (status = 206, description = "The part that was asked for", content_type = "application/octet-stream"))
)]
pub(super) async fn content(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Asked(query): Asked<ContentQuery>,
) -> Result<Response, Refusal> {
    let download = query.download;
    let content = workbench.volume_content(name, query).await?;
    Ok(send(&workbench, content, &headers, download))
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
