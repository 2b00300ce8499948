//! How far models that are served are from their training data, and how right they are.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use coracle_app::Workbench;
use coracle_app::view::{ModelDrift, ModelProfile, ProfileQuery, RequestLabels};

use crate::body::{Asked, Sent, SentTable};
use crate::error::Refusal;

/// Makes the profile that a model server is compared with of its training data, in place of the one before.
#[utoipa::path(
    put,
    path = "/model-servers/{namespace}/{name}/profile",
    operation_id = "put_model_profile",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service"),
        ProfileQuery
    ),
    request_body(
        content(
            (String = "text/csv"),
            (Vec<serde_json::Value> = "application/json")
        ),
        description = "A table, whose first line has the columns' names where no field of it is a number; or a list of rows"
    ),
    responses((status = 200, description = "What was made of it", body = ModelProfile))
)]
pub(super) async fn put_profile(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
    Asked(query): Asked<ProfileQuery>,
    SentTable(data): SentTable,
) -> Result<Json<ModelProfile>, Refusal> {
    let profile = workbench
        .put_model_profile(&namespace, &name, query, data)
        .await?;
    Ok(Json(profile))
}

/// The profile that a model server is compared with.
#[utoipa::path(
    get,
    path = "/model-servers/{namespace}/{name}/profile",
    operation_id = "get_model_profile",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service")
    ),
    responses((status = 200, description = "What is kept of its training data", body = ModelProfile))
)]
pub(super) async fn profile(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<ModelProfile>, Refusal> {
    Ok(Json(workbench.model_profile(&namespace, &name).await?))
}

/// Forgets the profile of a model server.
#[utoipa::path(
    delete,
    path = "/model-servers/{namespace}/{name}/profile",
    operation_id = "delete_model_profile",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service")
    ),
    responses((status = 204, description = "It is gone"))
)]
pub(super) async fn remove_profile(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    workbench.remove_model_profile(&namespace, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far what a model server was asked lately is from its profile, and how right it was.
#[utoipa::path(
    get,
    path = "/model-servers/{namespace}/{name}/drift",
    operation_id = "get_model_drift",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service")
    ),
    responses((status = 200, description = "By the requests of its window", body = ModelDrift))
)]
pub(super) async fn drift(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<ModelDrift>, Refusal> {
    Ok(Json(workbench.model_drift(&namespace, &name).await?))
}

/// Tells what would have been right to answer.
#[utoipa::path(
    post,
    path = "/model-servers/{namespace}/{name}/labels",
    operation_id = "post_model_labels",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service")
    ),
    request_body = Vec<RequestLabels>,
    responses((status = 204, description = "They are kept; those of requests that are not known mean nothing"))
)]
pub(super) async fn label(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
    Sent(labels): Sent<Vec<RequestLabels>>,
) -> Result<StatusCode, Refusal> {
    workbench
        .put_model_labels(&namespace, &name, labels)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
