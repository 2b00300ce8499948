//! Images of the engine.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_app::view::{PushImage, PushTold};
use futures_util::StreamExt;

use crate::body::Sent;
use crate::error::Refusal;

/// Pushes an image to a registry, as whom Docker's own configuration says. Who goes away ends it; the same push again goes on with
/// what has arrived.
#[utoipa::path(
    post,
    path = "/images:push",
    operation_id = "push_image",
    tag = "images",
    request_body = PushImage,
    responses((
        status = 200,
        description = "Server-sent events, each with a `PushTold` as JSON; the last one says what came of it",
        body = PushTold,
        content_type = "text/event-stream"
    ))
)]
pub(super) async fn push(
    State(workbench): State<Workbench>,
    Sent(request): Sent<PushImage>,
) -> Result<Response, Refusal> {
    let stopping = workbench.stopping().clone().cancelled_owned();
    let told = workbench.push_image(request).await?.take_until(stopping);
    let messages = told.map(|told| {
        let text = serde_json::to_string(&told).expect("it has only texts and numbers");
        Ok::<_, Infallible>(Event::default().data(text))
    });
    Ok(Sse::new(messages)
        .keep_alive(KeepAlive::default())
        .into_response())
}
