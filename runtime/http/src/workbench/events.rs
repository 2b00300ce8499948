//! What happens, as it happens.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_app::view::{Changes, EventQuery, Message, StreamCursor, Told};
use futures_util::{StreamExt, TryStreamExt};

use crate::body::Asked;
use crate::error::Refusal;

/// What happens, as it happens; `Last-Event-ID` stands for `after`.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "watch_events",
    tag = "events",
    params(EventQuery),
    responses((
        status = 200,
        description = "Server-sent events, each with an `Event` or a `LogEvent` as JSON",
        body = Told,
        content_type = "text/event-stream"
    ))
)]
pub(super) async fn events(
    State(workbench): State<Workbench>,
    headers: HeaderMap,
    Asked(mut query): Asked<EventQuery>,
) -> Result<Response, Refusal> {
    // A browser that connects again sends the same query, and where it was.
    query.after = last_event(&headers)?.unwrap_or(query.after);
    let stopping = workbench.stopping().clone().cancelled_owned();
    let messages = workbench.messages(query).await?.take_until(stopping);
    let messages = messages
        .inspect_err(|error| tracing::warn!(%error, "events could not be sent on"))
        .map_ok(|message| sent(&message));
    Ok(Sse::new(messages)
        .keep_alive(KeepAlive::default())
        .into_response())
}

/// What is no longer as it was, so that who shows it asks anew: in one stream, coarse, and gathered.
#[utoipa::path(
    get,
    path = "/changes",
    operation_id = "watch_changes",
    tag = "events",
    responses((
        status = 200,
        description = "Server-sent events, each with `Changes` as JSON; the first comes at once and is empty",
        body = Changes,
        content_type = "text/event-stream"
    ))
)]
pub(super) async fn changes(State(workbench): State<Workbench>) -> Result<Response, Refusal> {
    let stopping = workbench.stopping().clone().cancelled_owned();
    let changes = workbench.changes().await?.take_until(stopping);
    let messages = changes
        .inspect_err(|error| tracing::warn!(%error, "changes could not be sent on"))
        .map_ok(|changes| {
            let text = serde_json::to_string(&changes).expect("it has only texts");
            Sent::default().data(text)
        });
    Ok(Sse::new(messages)
        .keep_alive(KeepAlive::default())
        .into_response())
}

fn last_event(headers: &HeaderMap) -> Result<Option<StreamCursor>, Refusal> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let cursor = value.to_str().ok().and_then(|text| text.parse().ok());
    let unreadable = || {
        Refusal::request(
            "`Last-Event-ID` is no cursor",
            "send the `id` of the last event, or nothing",
        )
    };
    Ok(Some(cursor.ok_or_else(unreadable)?))
}

fn sent(message: &Message) -> Sent {
    let text = serde_json::to_string(&message.data).expect("it has only texts and numbers");
    // Without a name: a browser's `onmessage` sees all of them.
    Sent::default().id(message.id.to_string()).data(text)
}
