//! What the tasks of a run wrote: logs and artifacts, by the names that tasks have in `run_details`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coracle_app::view::LogQuery;
use coracle_app::{AppError, Workbench};
use coracle_model::TaskPath;
use futures_util::StreamExt;
use serde::Serialize;

use super::fault::Fault;
use super::query::LooseQuery;
use crate::task_id::read_task_id;

/// The artifact that is a step's log.
const LOG: &str = "main-logs";

/// What follows the name of an artifact in a path.
const READ: &str = ":read";

/// The task that a name stands for: its id, or its path.
fn task(run: &str, node: &str) -> TaskPath {
    match read_task_id(node) {
        Some((of, path)) if of.to_string() == run => path,
        Some(_) | None => TaskPath::from(node),
    }
}

#[derive(Serialize)]
struct Data {
    data: String,
}

/// A refusal in the form that these two have of their own.
pub(super) struct Refusal(AppError);

#[derive(Serialize)]
struct RefusalBody {
    error_message: String,
    error_details: String,
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let fault = Fault::from(self.0);
        let body = RefusalBody {
            error_message: fault.external().to_owned(),
            error_details: fault.external().to_owned(),
        };
        (fault.code().status(), Json(body)).into_response()
    }
}

/// `/apis/v1alpha1/runs/{run}/nodes/{node}/log`: what a step wrote, and with `?follow=true` what it will write.
pub(super) async fn log(
    State(workbench): State<Workbench>,
    Path((run, node)): Path<(String, String)>,
    query: LooseQuery,
) -> Result<Response, Refusal> {
    let step = task(&run, &node);
    let query = LogQuery {
        step: Some(step.to_string()),
        follow: query.text("follow") == "true",
        ..LogQuery::default()
    };
    let stopping = workbench.stopping().clone().cancelled_owned();
    let text = workbench.log(run, query).await?.take_until(stopping);
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, Body::from_stream(text)).into_response())
}

/// `/apis/v2beta1/runs/{run}/nodes/{node}/artifacts/{artifact}:read`: an artifact's bytes, in base64.
pub(super) async fn read_artifact(
    State(workbench): State<Workbench>,
    Path((run, node, artifact)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let Some(name) = artifact.strip_suffix(READ) else {
        return Ok(Fault::no_path().into_response());
    };
    let task = task(&run, &node);
    let bytes = if name == LOG {
        workbench.whole_log(run, task).await?
    } else {
        workbench.whole_artifact(run, task, name.to_owned()).await?
    };
    let headers = [(header::CACHE_CONTROL, "no-cache, private")];
    let data = STANDARD.encode(bytes);
    Ok((StatusCode::OK, headers, Json(Data { data })).into_response())
}
