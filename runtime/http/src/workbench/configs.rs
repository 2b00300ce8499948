//! Secrets and config maps.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use coracle_app::view::{ConfigList, PutConfig};
use coracle_app::{ConfigKind, Workbench};

use crate::body::Sent;
use crate::error::Refusal;

/// The secrets, without their values.
#[utoipa::path(
    get,
    path = "/secrets",
    operation_id = "list_secrets",
    tag = "secrets",
    responses((status = 200, description = "By name", body = ConfigList))
)]
pub(super) async fn secrets(State(workbench): State<Workbench>) -> Json<ConfigList> {
    Json(workbench.configs_of(ConfigKind::Secret))
}

/// The config maps, without their values.
#[utoipa::path(
    get,
    path = "/config-maps",
    operation_id = "list_config_maps",
    tag = "config maps",
    responses((status = 200, description = "By name", body = ConfigList))
)]
pub(super) async fn config_maps(State(workbench): State<Workbench>) -> Json<ConfigList> {
    Json(workbench.configs_of(ConfigKind::ConfigMap))
}

/// Makes a secret, or replaces all values of the one of that name.
#[utoipa::path(
    put,
    path = "/secrets/{name}",
    operation_id = "put_secret",
    tag = "secrets",
    params(("name" = String, Path, description = "The name of the secret")),
    request_body = PutConfig,
    responses((status = 204, description = "It is stored"))
)]
pub(super) async fn put_secret(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
    Sent(request): Sent<PutConfig>,
) -> Result<StatusCode, Refusal> {
    workbench
        .put_config(ConfigKind::Secret, name, request)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a config map, or replaces all values of the one of that name.
#[utoipa::path(
    put,
    path = "/config-maps/{name}",
    operation_id = "put_config_map",
    tag = "config maps",
    params(("name" = String, Path, description = "The name of the config map")),
    request_body = PutConfig,
    responses((status = 204, description = "It is stored"))
)]
pub(super) async fn put_config_map(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
    Sent(request): Sent<PutConfig>,
) -> Result<StatusCode, Refusal> {
    workbench
        .put_config(ConfigKind::ConfigMap, name, request)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a secret.
#[utoipa::path(
    delete,
    path = "/secrets/{name}",
    operation_id = "delete_secret",
    tag = "secrets",
    params(("name" = String, Path, description = "The name of the secret")),
    responses((status = 204, description = "It is gone"))
)]
pub(super) async fn remove_secret(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_config(ConfigKind::Secret, name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a config map.
#[utoipa::path(
    delete,
    path = "/config-maps/{name}",
    operation_id = "delete_config_map",
    tag = "config maps",
    params(("name" = String, Path, description = "The name of the config map")),
    responses((status = 204, description = "It is gone"))
)]
pub(super) async fn remove_config_map(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_config(ConfigKind::ConfigMap, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
