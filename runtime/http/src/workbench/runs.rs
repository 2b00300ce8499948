//! Runs.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_app::view::{
    CreateRun, CreatedRun, RemovedRun, Rerun, Run, RunList, RunQuery, RunResult, TaskList, Why,
};
use serde::Deserialize;

use crate::body::{Asked, Sent};
use crate::error::Refusal;

pub(super) async fn create(
    State(workbench): State<Workbench>,
    Sent(request): Sent<CreateRun>,
) -> Result<(StatusCode, Json<CreatedRun>), Refusal> {
    Ok((
        StatusCode::CREATED,
        Json(workbench.create_run(request).await?),
    ))
}

pub(super) async fn list(
    State(workbench): State<Workbench>,
    Asked(query): Asked<RunQuery>,
) -> Result<Json<RunList>, Refusal> {
    Ok(Json(workbench.runs(query).await?))
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<Run>, Refusal> {
    Ok(Json(workbench.run(run).await?))
}

pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<RemovedRun>, Refusal> {
    Ok(Json(workbench.remove_run(run).await?))
}

/// `{run}:cancel`, `{run}:retry` and `{run}:rerun`.
pub(super) async fn act(
    State(workbench): State<Workbench>,
    Path(target): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (run, action) = target.split_once(':').unwrap_or((&target, ""));
    match action {
        "cancel" => workbench.cancel(run.to_owned()).await?,
        "retry" => workbench.retry(run.to_owned()).await?,
        "rerun" => return rerun(&workbench, run, &body).await,
        _ => return Err(Refusal::route(&format!("runs/{target}"))),
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn rerun(workbench: &Workbench, run: &str, body: &Bytes) -> Result<Response, Refusal> {
    let request: Rerun = serde_json::from_slice(body).map_err(|error| {
        Refusal::request(
            format!("the body cannot be read: {error}"),
            "send `{\"from\": \"STEP\"}`",
        )
    })?;
    Ok((
        StatusCode::CREATED,
        Json(workbench.rerun(run.to_owned(), request).await?),
    )
        .into_response())
}

pub(super) async fn definition(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Response, Refusal> {
    let text = workbench.definition(run).await?;
    Ok(([(header::CONTENT_TYPE, "application/yaml")], text).into_response())
}

pub(super) async fn result(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<RunResult>, Refusal> {
    Ok(Json(workbench.result(run).await?))
}

pub(super) async fn tasks(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
) -> Result<Json<TaskList>, Refusal> {
    Ok(Json(workbench.tasks(run).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhyQuery {
    step: String,
}

pub(super) async fn why(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Asked(query): Asked<WhyQuery>,
) -> Result<Json<Why>, Refusal> {
    Ok(Json(workbench.why(run, query.step).await?))
}
