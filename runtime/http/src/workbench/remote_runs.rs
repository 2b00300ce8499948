//! Pipelines that run on clusters, and what is heard of them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use coracle_app::Workbench;
use coracle_app::view::{
    CancelRemoteRun, CompareRuns, ComparedRuns, CreateRemoteRun, CreatedRemoteRun, ImportRun,
    ImportedRun, RemoteEventQuery, RemoteEvents, RemoteRun, RemoteRunList, RemoteToken,
};

use crate::body::{Asked, Sent};
use crate::error::Refusal;

/// Has a pipeline run on a cluster; from then on it is sent and followed, whatever breaks off. An equal wish that is still open is
/// that run.
#[utoipa::path(
    post,
    path = "/clusters/runs",
    operation_id = "create_remote_run",
    tag = "clusters",
    request_body = CreateRemoteRun,
    responses((status = 201, description = "It is kept, and being sent", body = CreatedRemoteRun))
)]
pub(super) async fn create(
    State(workbench): State<Workbench>,
    Sent(request): Sent<CreateRemoteRun>,
) -> Result<(StatusCode, Json<CreatedRemoteRun>), Refusal> {
    let created = workbench.create_remote_run(request).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// What was sent to clusters.
#[utoipa::path(
    get,
    path = "/clusters/runs",
    operation_id = "list_remote_runs",
    tag = "clusters",
    responses((status = 200, description = "The newest first", body = RemoteRunList))
)]
pub(super) async fn list(
    State(workbench): State<Workbench>,
) -> Result<Json<RemoteRunList>, Refusal> {
    Ok(Json(workbench.remote_runs().await?))
}

/// A run on a cluster.
#[utoipa::path(
    get,
    path = "/clusters/runs/{run}",
    operation_id = "get_remote_run",
    tag = "clusters",
    params(("run" = String, Path, description = "Its id here or there, or the beginning of one")),
    responses((status = 200, description = "As it was seen last", body = RemoteRun))
)]
pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<RemoteRun>, Refusal> {
    Ok(Json(workbench.remote_run(run).await?))
}

/// What was heard of a run on a cluster.
#[utoipa::path(
    get,
    path = "/clusters/runs/{run}/events",
    operation_id = "list_remote_events",
    tag = "clusters",
    params(
        ("run" = String, Path, description = "Its id here or there, or the beginning of one"),
        RemoteEventQuery
    ),
    responses((status = 200, description = "In their order", body = RemoteEvents))
)]
pub(super) async fn events(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Asked(query): Asked<RemoteEventQuery>,
) -> Result<Json<RemoteEvents>, Refusal> {
    Ok(Json(workbench.remote_events(run, query.after).await?))
}

/// Compares a run here with one on a cluster: states, values of output parameters, and what was said of artifacts.
#[utoipa::path(
    post,
    path = "/clusters/runs/{run}/parity",
    operation_id = "compare_runs",
    tag = "clusters",
    params(("run" = String, Path, description = "The run on the cluster: its id here or there, or the beginning of one")),
    request_body = CompareRuns,
    responses((status = 200, description = "What is the same, and what is not", body = ComparedRuns))
)]
pub(super) async fn compare(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Sent(request): Sent<CompareRuns>,
) -> Result<Json<ComparedRuns>, Refusal> {
    Ok(Json(workbench.compare_with_remote(run, request).await?))
}

/// Stops a run on a cluster.
#[utoipa::path(
    post,
    path = "/clusters/runs/{run}/cancel",
    operation_id = "cancel_remote_run",
    tag = "clusters",
    params(("run" = String, Path, description = "Its id here or there, or the beginning of one")),
    request_body = CancelRemoteRun,
    responses((status = 204, description = "Its server was asked to stop it, and said yes; its end is heard as that of any other"))
)]
pub(super) async fn cancel(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Sent(request): Sent<CancelRemoteRun>,
) -> Result<StatusCode, Refusal> {
    workbench.cancel_remote_run(run, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a run that ended on a cluster here, with the artifacts that its steps made: a failed step of it can be run again here with
/// the same inputs. The run has the same id here. The same request again finishes what broke off.
#[utoipa::path(
    post,
    path = "/clusters/runs:import",
    operation_id = "import_remote_run",
    tag = "clusters",
    request_body = ImportRun,
    responses((status = 200, description = "The run as it is here, and what of it did not come", body = ImportedRun))
)]
pub(super) async fn import(
    State(workbench): State<Workbench>,
    Sent(request): Sent<ImportRun>,
) -> Result<Json<ImportedRun>, Refusal> {
    Ok(Json(workbench.import_remote_run(request).await?))
}

/// Another token for the server of a run.
#[utoipa::path(
    put,
    path = "/clusters/runs/{run}/token",
    operation_id = "put_remote_token",
    tag = "clusters",
    params(("run" = String, Path, description = "Its id here or there, or the beginning of one")),
    request_body = RemoteToken,
    responses((status = 204, description = "It is used from the next request on"))
)]
pub(super) async fn put_token(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Sent(token): Sent<RemoteToken>,
) -> Result<StatusCode, Refusal> {
    workbench.put_remote_token(run, token.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
