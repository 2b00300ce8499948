//! Watches: changes as lines of JSON, for as long as somebody listens.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use coracle_apiserver::{ApiServer, Watch, WatchEvent, WatchEventKind};
use coracle_app::Workbench;
use coracle_objects::table::Form;
use coracle_objects::{FieldError, FieldPath, ObjectExt as _, Reason, Status, api_version};
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::answer::{Refused, in_version};
use super::objects::Asked;
use super::query::Query;

/// How long a watch goes on whose client sets no time: between what API servers choose.
const DEFAULT_TIME: Duration = Duration::from_secs(45 * 60);

/// How often a watcher that asked for it hears how far it is.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// A watch on its way out.
struct Stream {
    api: ApiServer,
    watch: Watch,
    asked: Asked,
    stopping: CancellationToken,
    ends: Instant,
    /// When the next bookmark is due; none for who wants none.
    bookmark: Option<Instant>,
    /// Whether what was there at the beginning is still to be said to be complete.
    initial: bool,
    /// Whether the columns of a table were told.
    columns_told: bool,
    over: bool,
}

/// Answers with the changes from some moment on.
pub(super) fn answer(workbench: &Workbench, asked: &Asked) -> Result<Response, Refused> {
    let (query, resource) = (&asked.query, asked.target.resource);
    let selectors = query.selectors(resource)?;
    let initial = query.is_on("sendInitialEvents");
    check_initial(query)?;
    let since = since(query.get("resourceVersion"))?.filter(|_| !initial);
    let namespace = asked.target.namespace.as_deref();
    let watch = workbench
        .kubernetes()
        .watch(resource, namespace, selectors, since);
    let time = query
        .number("timeoutSeconds")
        .map_or(DEFAULT_TIME, Duration::from_secs);
    let begun = Instant::now();
    let bookmarks = query.is_on("allowWatchBookmarks");
    let stream = Stream {
        api: workbench.kubernetes().clone(),
        watch,
        asked: asked.clone(),
        stopping: workbench.stopping().clone(),
        ends: begun + time,
        bookmark: bookmarks.then(|| begun + BOOKMARK_EVERY),
        initial: initial && bookmarks,
        columns_told: false,
        over: false,
    };
    let lines = unfold(stream, |mut stream| async move {
        let lines = stream.next().await?;
        Some((Ok::<_, std::convert::Infallible>(lines), stream))
    });
    let mut response = Response::new(Body::from_stream(lines));
    *response.status_mut() = StatusCode::OK;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// Refuses what is said of initial events and does not fit together.
fn check_initial(query: &Query) -> Result<(), Status> {
    let matching = query.get("resourceVersionMatch");
    let why = match (query.get("sendInitialEvents"), matching) {
        (None, None) | (Some(_), Some("NotOlderThan")) => return Ok(()),
        (None, Some(_)) => {
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        }
        (Some(_), _) => "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    };
    let error = FieldError::forbidden(FieldPath::new("resourceVersionMatch"), why);
    Err(Status::invalid("meta.k8s.io", "ListOptions", "", &[error]))
}

/// The version after which changes are told; none for what is there now first.
fn since(version: Option<&str>) -> Result<Option<u64>, Status> {
    match version {
        None | Some("" | "0") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            let path = FieldPath::new("resourceVersion");
            let detail = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
            let error = FieldError::invalid(path, text, detail);
            Status::new(Reason::Unknown, error.to_string())
        }),
    }
}

impl Stream {
    /// The next lines; none when it is over.
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if self.initial && self.watch.told_all_initial() {
            self.initial = false;
            return Some(line(&self.bookmark_event(true)));
        }
        let bookmark = self.bookmark.unwrap_or(self.ends);
        // The watch loses nothing when it is dropped; the others only wait.
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => None,
            events = self.watch.next() => Some(self.lines(events)),
            () = sleep_until(self.ends) => None,
            () = sleep_until(bookmark), if self.bookmark.is_some() => {
                self.bookmark = Some(bookmark + BOOKMARK_EVERY);
                Some(line(&self.bookmark_event(false)))
            }
        }
    }

    fn lines(&mut self, events: Result<Vec<WatchEvent>, Status>) -> Bytes {
        match events {
            Ok(events) => {
                let mut text = Vec::new();
                for event in events {
                    text.extend_from_slice(&line(&self.event(&event)));
                }
                text.into()
            }
            Err(status) => {
                self.over = true;
                line(&json!({ "type": "ERROR", "object": status.to_json() }))
            }
        }
    }

    fn event(&mut self, event: &WatchEvent) -> Value {
        let (resource, version) = (self.asked.target.resource, self.asked.target.version);
        let mut object = in_version(&event.object.body, resource, version);
        object.metadata_mut().insert(
            "resourceVersion".to_owned(),
            event.version.to_string().into(),
        );
        let kind = match event.kind {
            WatchEventKind::Added => "ADDED",
            WatchEventKind::Modified => "MODIFIED",
            WatchEventKind::Deleted => "DELETED",
        };
        self.asked.shape.now = self.api.now();
        let mut shown = self.asked.shape.value(&object, resource);
        if self.asked.shape.representation.form == Form::Table {
            if self.columns_told {
                shown["columnDefinitions"] = Value::Null;
            }
            self.columns_told = true;
        }
        json!({ "type": kind, "object": shown })
    }

    /// How far the watch is, with nothing else to tell.
    fn bookmark_event(&self, initial: bool) -> Value {
        let resource = self.asked.target.resource;
        let mut metadata = json!({ "resourceVersion": self.watch.version().to_string() });
        if initial {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let api_version = api_version(resource.group, self.asked.target.version);
        let object = json!({
            "kind": resource.kind,
            "apiVersion": api_version,
            "metadata": metadata,
        });
        json!({ "type": "BOOKMARK", "object": object })
    }
}

fn line(event: &Value) -> Bytes {
    let mut text = event.to_string();
    text.push('\n');
    text.into()
}
