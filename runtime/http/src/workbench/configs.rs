//! Secrets and config maps.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use coracle_app::view::{ConfigList, PutConfig};
use coracle_app::{ConfigKind, Workbench};

use crate::body::Sent;
use crate::error::Refusal;

pub(super) async fn secrets(
    State(workbench): State<Workbench>,
) -> Result<Json<ConfigList>, Refusal> {
    Ok(Json(workbench.configs_of(ConfigKind::Secret).await?))
}

pub(super) async fn config_maps(
    State(workbench): State<Workbench>,
) -> Result<Json<ConfigList>, Refusal> {
    Ok(Json(workbench.configs_of(ConfigKind::ConfigMap).await?))
}

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

pub(super) async fn remove_secret(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_config(ConfigKind::Secret, name).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove_config_map(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_config(ConfigKind::ConfigMap, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
