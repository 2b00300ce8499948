//! What steps wrote.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_app::view::{
    LogFormat, LogLine, LogLines, LogLinesQuery, LogMatches, LogMatchesQuery, LogQuery,
};
use futures_util::{StreamExt, TryStreamExt};

use crate::body::Asked;
use crate::error::Refusal;

/// What the steps of a run wrote.
#[utoipa::path(
    get,
    path = "/runs/{run}/log",
    operation_id = "get_run_log",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique"), LogQuery),
    responses((status = 200, description = "The log, in the form that is asked for", content((String = "text/plain"), (LogLine = "application/x-ndjson"))))
)]
pub(super) async fn log(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Asked(query): Asked<LogQuery>,
) -> Result<Response, Refusal> {
    let kind = match query.format {
        LogFormat::Raw => "text/plain; charset=utf-8",
        LogFormat::Lines => "application/x-ndjson",
    };
    let stopping = workbench.stopping().clone().cancelled_owned();
    let text = workbench.log(run, query).await?.take_until(stopping);
    // The answer is under way: all that can be done is to break it off, which the reader notices.
    let text =
        text.inspect_err(|error| tracing::warn!(%error, "a log could not be sent to its end"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, Body::from_stream(text)).into_response())
}

/// Some lines of a log, and how many there are.
#[utoipa::path(
    get,
    path = "/runs/{run}/log-lines",
    operation_id = "list_run_log_lines",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique"), LogLinesQuery),
    responses((status = 200, description = "The lines", body = LogLines))
)]
pub(super) async fn lines(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Asked(query): Asked<LogLinesQuery>,
) -> Result<Json<LogLines>, Refusal> {
    Ok(Json(workbench.log_lines(run, query).await?))
}

/// The lines of a log that have a text, by their numbers.
#[utoipa::path(
    get,
    path = "/runs/{run}/log-matches",
    operation_id = "list_run_log_matches",
    tag = "runs",
    params(("run" = String, Path, description = "The run's id, or a beginning of it that is unique"), LogMatchesQuery),
    responses((status = 200, description = "The numbers of the lines", body = LogMatches))
)]
pub(super) async fn matches(
    State(workbench): State<Workbench>,
    Path(run): Path<String>,
    Asked(query): Asked<LogMatchesQuery>,
) -> Result<Json<LogMatches>, Refusal> {
    Ok(Json(workbench.log_matches(run, query).await?))
}
