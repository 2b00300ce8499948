//! Model servers.

use axum::Json;
use axum::extract::{Path, State};
use coracle_app::Workbench;
use coracle_app::view::{ModelServer, ModelServerList};

use crate::error::Refusal;

/// The model servers, with what came of each.
#[utoipa::path(
    get,
    path = "/model-servers",
    operation_id = "list_model_servers",
    tag = "model servers",
    responses((status = 200, description = "Newest first", body = ModelServerList))
)]
pub(super) async fn list(State(workbench): State<Workbench>) -> Json<ModelServerList> {
    Json(workbench.model_server_list())
}

/// A model server, with what came of it.
#[utoipa::path(
    get,
    path = "/model-servers/{namespace}/{name}",
    operation_id = "get_model_server",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service")
    ),
    responses((status = 200, description = "It as it is now", body = ModelServer))
)]
pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<ModelServer>, Refusal> {
    Ok(Json(workbench.model_server_detail(&namespace, &name)?))
}
