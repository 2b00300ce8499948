//! What happens, as it happens.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_app::view::Event;
use coracle_model::EventCursor;
use futures_util::{StreamExt, TryStreamExt};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::body::Asked;
use crate::error::Refusal;

#[derive(Deserialize, Default, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// Only events of this run.
    run: Option<String>,
    /// Only what came after this event.
    after: Option<EventCursor>,
}

/// What happens, as it happens; `Last-Event-ID` stands for `after`.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "watch_events",
    tag = "events",
    params(EventQuery),
    responses((status = 200, description = "Server-sent events, each an `Event` as JSON", body = Event, content_type = "text/event-stream"))
)]
pub(super) async fn events(
    State(workbench): State<Workbench>,
    headers: HeaderMap,
    Asked(query): Asked<EventQuery>,
) -> Result<Response, Refusal> {
    // A browser that connects again sends the same query, and where it was.
    let after = last_event(&headers)?.or(query.after).unwrap_or_default();
    let stopping = workbench.stopping().clone().cancelled_owned();
    let events = workbench
        .events(query.run, after)
        .await?
        .take_until(stopping);
    let events = events
        .inspect_err(|error| tracing::warn!(%error, "events could not be sent on"))
        .map_ok(|event| sent(&event));
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response())
}

fn last_event(headers: &HeaderMap) -> Result<Option<EventCursor>, Refusal> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    let unreadable = || {
        Refusal::request(
            "`Last-Event-ID` is no cursor",
            "send the `id` of the last event, or nothing",
        )
    };
    Ok(Some(EventCursor(number.ok_or_else(unreadable)?)))
}

fn sent(event: &Event) -> Sent {
    let text = serde_json::to_string(event).expect("an event has only texts and numbers");
    Sent::default().id(event.cursor.0.to_string()).data(text)
}
