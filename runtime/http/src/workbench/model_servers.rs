//! Model servers.

use std::convert::Infallible;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use coracle_app::Workbench;
use coracle_app::view::{
    ForgottenRequests, ModelRequestDetail, ModelRequestList, ModelRequestQuery, ModelServer,
    ModelServerList, ReplayReport, ReplayRequests, ReplayServer, ServerLoad,
};
use futures_util::StreamExt as _;

use crate::body::{Asked, Sent};
use crate::error::Refusal;
use crate::model_servers::Front;

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

/// What a model server was asked and answered, as far as it was kept.
#[utoipa::path(
    get,
    path = "/model-servers/{namespace}/{name}/requests",
    operation_id = "list_model_requests",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service"),
        ModelRequestQuery
    ),
    responses((status = 200, description = "Newest first", body = ModelRequestList))
)]
pub(super) async fn requests(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
    Asked(query): Asked<ModelRequestQuery>,
) -> Result<Json<ModelRequestList>, Refusal> {
    let found = workbench.logged_requests(&namespace, &name, query).await?;
    Ok(Json(found))
}

/// One request to a model server, with both bodies.
#[utoipa::path(
    get,
    path = "/model-servers/{namespace}/{name}/requests/{number}",
    operation_id = "get_model_request",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service"),
        ("number" = i64, Path, description = "The number of the request")
    ),
    responses((status = 200, description = "The request", body = ModelRequestDetail))
)]
pub(super) async fn request(
    State(workbench): State<Workbench>,
    Path((namespace, name, number)): Path<(String, String, String)>,
) -> Result<Json<ModelRequestDetail>, Refusal> {
    let found = workbench.logged_request(&namespace, &name, &number).await?;
    Ok(Json(found))
}

/// Forgets what a model server was asked.
#[utoipa::path(
    delete,
    path = "/model-servers/{namespace}/{name}/requests",
    operation_id = "forget_model_requests",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service")
    ),
    responses((status = 200, description = "How many there were", body = ForgottenRequests))
)]
pub(super) async fn forget(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<ForgottenRequests>, Refusal> {
    Ok(Json(workbench.forget_requests(&namespace, &name).await?))
}

/// Sends requests that were kept again, to this model server or another, and compares the answers.
#[utoipa::path(
    post,
    path = "/model-servers/{namespace}/{name}/replay",
    operation_id = "replay_model_requests",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service that was asked")
    ),
    request_body = ReplayRequests,
    responses((status = 200, description = "What became of them", body = ReplayReport))
)]
pub(super) async fn replay(
    Extension(front): Extension<Front>,
    Path((namespace, name)): Path<(String, String)>,
    Sent(wanted): Sent<ReplayRequests>,
) -> Result<Json<ReplayReport>, Refusal> {
    let asked = ReplayServer { namespace, name };
    Ok(Json(front.replay(asked, wanted).await?))
}

/// How much a model server has to do, second by second.
#[utoipa::path(
    get,
    path = "/model-servers/{namespace}/{name}/load",
    operation_id = "watch_model_load",
    tag = "model servers",
    params(
        ("namespace" = String, Path, description = "Its namespace"),
        ("name" = String, Path, description = "The name of the inference service")
    ),
    responses((
        status = 200,
        description = "Server-sent events, each with a `ServerLoad` as JSON; the first comes at once",
        body = ServerLoad,
        content_type = "text/event-stream"
    ))
)]
pub(super) async fn load(
    State(workbench): State<Workbench>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    workbench.model_server_detail(&namespace, &name)?;
    let stopping = workbench.stopping().clone().cancelled_owned();
    let loads = workbench.server_load(namespace, name).take_until(stopping);
    let messages = loads.map(|load| {
        let text = serde_json::to_string(&load).expect("it has only texts and numbers");
        Ok::<_, Infallible>(Event::default().data(text))
    });
    Ok(Sse::new(messages)
        .keep_alive(KeepAlive::default())
        .into_response())
}
