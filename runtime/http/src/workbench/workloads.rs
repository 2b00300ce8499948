//! Workloads of clusters.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_app::view::{FollowWorkload, WorkloadNews};
use futures_util::StreamExt as _;

use crate::body::Asked;
use crate::error::Refusal;

/// Follows a workload of a cluster to its end: its states, its events, and every line of its logs once, over any break.
#[utoipa::path(
    get,
    path = "/clusters/workloads:follow",
    operation_id = "follow_workload",
    tag = "clusters",
    params(FollowWorkload),
    responses((
        status = 200,
        description = "Server-sent events, each with `WorkloadNews` as JSON; it ends after `ended`",
        body = WorkloadNews,
        content_type = "text/event-stream"
    ))
)]
pub(super) async fn follow(
    State(workbench): State<Workbench>,
    Asked(query): Asked<FollowWorkload>,
) -> Result<Response, Refusal> {
    let stopping = workbench.stopping().clone().cancelled_owned();
    let news = workbench.follow_workload(query).await?;
    let messages = news.take_until(stopping).map(|news| {
        let text = serde_json::to_string(&news).expect("it has only texts");
        Ok::<_, Infallible>(Event::default().data(text))
    });
    Ok(Sse::new(messages)
        .keep_alive(KeepAlive::default())
        .into_response())
}
