//! Runs.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_app::view::{
    CloneRun, CreateRun, CreatedRun, DefinitionFormat, DefinitionQuery, MeasuredResources,
    MeasuredResourcesQuery, RemovedRun, Rerun, Run, RunFields, RunList, RunQuery, RunResult,
    TaskList, Why,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, OpenApi};

use crate::body::{Asked, Sent};
use crate::error::Refusal;

/// What can be done to a run, in the words of [`act`].
#[derive(OpenApi)]
#[openapi(paths(cancel, retry, clone, rerun))]
pub(super) struct Actions;

/// Makes a run, which begins at once.
#[utoipa::path(
    post,
    path = "/runs",
    operation_id = "create_run",
    tag = "runs",
    request_body = CreateRun,
    responses((status = 201, description = "The run was made", body = CreatedRun))
)]
pub(super) async fn create(
    State(workbench): State<Workbench>,
    Sent(request): Sent<CreateRun>,
) -> Result<(StatusCode, Json<CreatedRun>), Refusal> {
    Ok((
        StatusCode::CREATED,
        Json(workbench.create_run(request).await?),
    ))
}

/// Runs, newest first unless another order is asked for.
#[utoipa::path(
    get,
    path = "/runs",
    operation_id = "list_runs",
    tag = "runs",
    params(RunQuery),
    responses((status = 200, description = "A page of runs", body = RunList))
)]
pub(super) async fn list(
    State(workbench): State<Workbench>,
    Asked(query): Asked<RunQuery>,
) -> Result<Json<RunList>, Refusal> {
    Ok(Json(workbench.runs(query).await?))
}

/// What there is among all runs to filter and sort by.
#[utoipa::path(
    get,
    path = "/run-fields",
    operation_id = "list_run_fields",
    tag = "runs",
    responses((status = 200, description = "The names", body = RunFields))
)]
pub(super) async fn fields(State(workbench): State<Workbench>) -> Result<Json<RunFields>, Refusal> {
    Ok(Json(workbench.run_fields().await?))
}

/// What the steps of a pipeline were measured to use, and what to ask for them elsewhere.
#[utoipa::path(
    get,
    path = "/measured-resources",
    operation_id = "get_measured_resources",
    tag = "runs",
    params(MeasuredResourcesQuery),
    responses((status = 200, description = "What each step used at most", body = MeasuredResources))
)]
pub(super) async fn measured(
    State(workbench): State<Workbench>,
    Asked(query): Asked<MeasuredResourcesQuery>,
) -> Result<Json<MeasuredResources>, Refusal> {
    Ok(Json(workbench.measured_resources(query).await?))
}

/// One run.
#[utoipa::path(
    get,
    path = "/runs/{run}",
    operation_id = "get_run",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    responses((status = 200, description = "The run", body = Run))
)]
pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<Run>, Refusal> {
    Ok(Json(workbench.run(run).await?))
}

/// Forgets a run that has ended, with its files and the artifacts that only it uses.
#[utoipa::path(
    delete,
    path = "/runs/{run}",
    operation_id = "delete_run",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    responses((status = 200, description = "What was freed and what other runs keep", body = RemovedRun))
)]
pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<RemovedRun>, Refusal> {
    Ok(Json(workbench.remove_run(run).await?))
}

/// `{run}:cancel`, `{run}:retry`, `{run}:clone` and `{run}:rerun`, which the router cannot take apart.
pub(super) async fn act(
    State(workbench): State<Workbench>,
    Path(target): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (run, action) = target.split_once(':').unwrap_or((&target, ""));
    match action {
        "cancel" => cancel(&workbench, run).await,
        "retry" => retry(&workbench, run).await,
        "clone" => clone(&workbench, run, &body).await,
        "rerun" => rerun(&workbench, run, &body).await,
        _ => Err(Refusal::route(&format!("runs/{target}"))),
    }
}

/// Stops a run.
#[utoipa::path(
    post,
    path = "/runs/{run}:cancel",
    operation_id = "cancel_run",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    responses((status = 204, description = "It is being stopped"))
)]
async fn cancel(workbench: &Workbench, run: &str) -> Result<Response, Refusal> {
    workbench.cancel(run.to_owned()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Begins a failed run again where it failed.
#[utoipa::path(
    post,
    path = "/runs/{run}:retry",
    operation_id = "retry_run",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    responses((status = 204, description = "It has begun again"))
)]
async fn retry(workbench: &Workbench, run: &str) -> Result<Response, Refusal> {
    workbench.retry(run.to_owned()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Makes a run of the same definition.
#[utoipa::path(
    post,
    path = "/runs/{run}:clone",
    operation_id = "clone_run",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    request_body = CloneRun,
    responses((status = 201, description = "The run was made", body = CreatedRun))
)]
async fn clone(workbench: &Workbench, run: &str, body: &Bytes) -> Result<Response, Refusal> {
    let request: CloneRun = read(body, "send `{}`, or values in `parameters`")?;
    let created = workbench.clone_run(run.to_owned(), request).await?;
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

/// Makes a run that takes over everything before a step.
#[utoipa::path(
    post,
    path = "/runs/{run}:rerun",
    operation_id = "rerun_run",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    request_body = Rerun,
    responses((status = 201, description = "The run was made", body = CreatedRun))
)]
async fn rerun(workbench: &Workbench, run: &str, body: &Bytes) -> Result<Response, Refusal> {
    let request: Rerun = read(body, "send `{\"from\": \"STEP\"}`")?;
    let created = workbench.rerun(run.to_owned(), request).await?;
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

fn read<T: DeserializeOwned>(body: &Bytes, hint: &str) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::request(format!("the body cannot be read: {error}"), hint))
}

/// The definition of a run, as it was written or as JSON.
#[utoipa::path(
    get,
    path = "/runs/{run}/definition",
    operation_id = "get_run_definition",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique"), DefinitionQuery),
    responses((status = 200, description = "The text of the file, or the value", content((String = "application/yaml"), (coracle_model::Value = "application/json"))))
)]
pub(super) async fn definition(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Asked(query): Asked<DefinitionQuery>,
) -> Result<Response, Refusal> {
    let kind = match query.format {
        DefinitionFormat::Text => "application/yaml",
        DefinitionFormat::Json => "application/json",
    };
    let text = workbench.definition(run, query.format).await?;
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// How a run ended, or how far it is.
#[utoipa::path(
    get,
    path = "/runs/{run}/result",
    operation_id = "get_run_result",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    responses((status = 200, description = "The result", body = RunResult))
)]
pub(super) async fn result(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<RunResult>, Refusal> {
    Ok(Json(workbench.result(run).await?))
}

/// The tasks of a run with the attempts made at them.
#[utoipa::path(
    get,
    path = "/runs/{run}/tasks",
    operation_id = "list_run_tasks",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique")),
    responses((status = 200, description = "The tasks, in the order in which they began", body = TaskList))
)]
pub(super) async fn tasks(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<TaskList>, Refusal> {
    Ok(Json(workbench.tasks(run).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhyQuery {
    /// The step: a task path, or the end of one that is unique.
    step: String,
}

/// Why a step ran, or was taken from an earlier run.
#[utoipa::path(
    get,
    path = "/runs/{run}/why",
    operation_id = "explain_step",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique"), WhyQuery),
    responses((status = 200, description = "The answer", body = Why))
)]
pub(super) async fn why(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Asked(query): Asked<WhyQuery>,
) -> Result<Json<Why>, Refusal> {
    Ok(Json(workbench.why(run, query.step).await?))
}
