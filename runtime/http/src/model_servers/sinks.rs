//! Events on their way to their sinks, beside the requests that they tell of.
//!
//! ```text
//!   offer ─► a queue for each part: so many events, so many bytes ─► so many at once, each tried a few times
//!     └──► no room: dropped                                            └──► never taken: dropped
//! ```
//!
//! Nobody who asks a model waits for a sink. What is dropped is counted, and said once: of a sink that takes nothing, until it takes
//! something again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use coracle_app::Sink;
use coracle_gateway::proxy::PathRewrite;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::account::Accounts;
use super::event::{Event, Part, Subject};
use super::front::Front;
use crate::pod_connector::{PodConnector, route};

/// How many events of a part wait. KServe's word.
const MOST_WAITING: usize = 100;

/// How many bytes their bodies have together: four of the longest.
const MOST_BYTES: usize = 32 << 20;

/// How many events of a part are sent at once. KServe's word.
const AT_ONCE: usize = 5;

/// How long is waited before each try to send an event. After the last one it is given up.
const WAITS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// How long a sink may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// How much of what it answers is read, so that its connection can be used again.
const ANSWER: usize = 64 * 1024;

/// How soon it is said again that events are dropped.
const SAID_AGAIN: Duration = Duration::from_secs(60);

/// Marks a request that is an event of another server's: it is not told of again, so that two that log to each other come to rest.
#[derive(Clone, Copy)]
pub(super) struct IsEvent;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its sink has it.
    Sent,
    /// Too many wait already.
    NoRoom,
    /// Its sink did not take it.
    NotTaken,
    /// Its body is longer than is told.
    TooLong,
}

/// The sinks of all parts.
#[derive(Clone)]
pub(super) struct Sinks {
    state: Arc<Mutex<State>>,
    accounts: Accounts,
}

#[derive(Default)]
struct State {
    queues: HashMap<Part, Queue>,
    /// When it was last said that events of a part are dropped, and why.
    said: HashMap<(Part, &'static str), Instant>,
}

#[derive(Clone)]
struct Queue {
    events: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
}

struct Waiting {
    event: Event,
    _room: OwnedSemaphorePermit,
}

/// Why a sink did not take an event.
struct NotTaken {
    why: String,
    /// Whether it may be otherwise in a while.
    may_pass: bool,
}

impl Fate {
    /// The word for it among the counts.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NoRoom => "no_room",
            Self::NotTaken => "not_taken",
            Self::TooLong => "too_long",
        }
    }
}

impl Sinks {
    pub(super) fn new(accounts: Accounts) -> Self {
        Self {
            state: Arc::default(),
            accounts,
        }
    }

    /// Has an event sent, where there is room for it.
    pub(super) fn offer(&self, front: &Front, event: Event) {
        let subject = event.subject.clone();
        let queue = self.queue(front, &subject.part);
        let bytes = u32::try_from(event.body.len()).unwrap_or(u32::MAX);
        let room = queue.room.try_acquire_many_owned(bytes).ok();
        let waiting = room.map(|room| Waiting { event, _room: room });
        let is_taken = waiting.is_some_and(|waiting| queue.events.try_send(waiting).is_ok());
        if !is_taken {
            self.settle(&subject, Fate::NoRoom);
        }
    }

    /// Notes what became of an event.
    pub(super) fn settle(&self, subject: &Subject, fate: Fate) {
        let Subject { part, sink, .. } = subject;
        self.accounts.event(part, fate);
        let why = match fate {
            Fate::Sent => return,
            Fate::NoRoom => "too many wait",
            Fate::NotTaken => "they are not taken",
            Fate::TooLong => "they are too long",
        };
        if self.may_say(part, why) {
            let Part {
                namespace, name, ..
            } = part;
            tracing::warn!(
                namespace,
                model = name,
                sink = without_secrets(sink),
                why,
                "events of a model server are dropped, which is not said each time"
            );
        }
    }

    /// Whether it is time to say so, once more.
    fn may_say(&self, part: &Part, why: &'static str) -> bool {
        let mut state = self.state();
        let key = (part.clone(), why);
        let is_new = state
            .said
            .get(&key)
            .is_none_or(|said| said.elapsed() >= SAID_AGAIN);
        if is_new {
            state.said.insert(key, Instant::now());
        }
        is_new
    }

    /// The queue of a part, with what empties it for as long as the workbench runs.
    fn queue(&self, front: &Front, part: &Part) -> Queue {
        let mut state = self.state();
        if let Some(queue) = state.queues.get(part) {
            return queue.clone();
        }
        let (events, waiting) = mpsc::channel(MOST_WAITING);
        let queue = Queue {
            events,
            room: Arc::new(Semaphore::new(MOST_BYTES)),
        };
        state.queues.insert(part.clone(), queue.clone());
        front.workbench().go_on(send_all(front.clone(), waiting));
        queue
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send_all(front: Front, waiting: mpsc::Receiver<Waiting>) {
    let events = stream::unfold(waiting, |mut waiting| async {
        let next = waiting.recv().await?;
        Some((next, waiting))
    });
    events
        .for_each_concurrent(AT_ONCE, |waiting| send(&front, waiting))
        .await;
}

/// Sends an event, a few times if need be.
async fn send(front: &Front, waiting: Waiting) {
    let event = &waiting.event;
    let mut fate = Fate::NotTaken;
    for (tries, wait) in WAITS.into_iter().enumerate() {
        tokio::time::sleep(wait).await;
        let delivered = tokio::time::timeout(LIMIT, deliver(front, event, tries)).await;
        let not_taken = match delivered {
            Ok(Ok(())) => {
                fate = Fate::Sent;
                break;
            }
            Ok(Err(not_taken)) => not_taken,
            Err(_) => NotTaken::for_now(format!("no answer within {} s", LIMIT.as_secs())),
        };
        let NotTaken { why, may_pass } = not_taken;
        tracing::debug!(why, sink = event.subject.sink, "an event was not taken");
        if !may_pass {
            break;
        }
    }
    front.sinks().settle(&event.subject, fate);
}

/// The part of an address that may be told: keys and passwords stand in the others.
fn without_secrets(sink: &str) -> String {
    let uri: Option<Uri> = sink.parse().ok();
    let told = uri.and_then(|uri| {
        let (scheme, host) = (uri.scheme_str()?.to_owned(), uri.host()?.to_owned());
        let port = uri
            .port_u16()
            .map_or_else(String::new, |port| format!(":{port}"));
        Some(format!("{scheme}://{host}{port}"))
    });
    told.unwrap_or_default()
}

/// Sends an event once. Boxed, since a sink may be a model server, which may have a sink.
fn deliver<'a>(
    front: &'a Front,
    event: &'a Event,
    tries: usize,
) -> BoxFuture<'a, Result<(), NotTaken>> {
    Box::pin(async move {
        let sink = &event.subject.sink;
        let unreadable = || NotTaken::ever(format!("`{sink}` is not the URL of a sink"));
        let uri: Uri = sink.parse().map_err(|_| unreadable())?;
        let host = uri.host().ok_or_else(unreadable)?;
        let is_secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let workbench = front.workbench();
        let found = workbench.sink(&event.subject.part.namespace, host, port);
        if is_secure && found != Sink::Outside {
            let why = format!("`{sink}` is in the workbench, where nobody is asked through TLS");
            return Err(NotTaken::ever(why));
        }
        match found {
            Sink::ModelServer { namespace, name } => {
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
                let uri = format!("/serving/{namespace}/{name}{path}").parse();
                let mut request = request(event, uri.map_err(|_| unreadable())?)?;
                request.extensions_mut().insert(IsEvent);
                let answered = front.answer(&namespace, &name, path, request).await;
                let (parts, body) = answered.into_parts();
                // Its end is waited for: what is dropped before is broken off.
                let _ = to_bytes(body, ANSWER).await;
                judged(parts.status)
            }
            Sink::Service(pods) => {
                let Some(pod) = pods.get(tries % pods.len().max(1)) else {
                    return Err(NotTaken::for_now(format!("no pod of `{host}` is ready")));
                };
                let at = (pod.namespace.as_str(), pod.name.as_str(), pod.uid.as_str());
                let connector = PodConnector::new(workbench, at, pod.port);
                let route = route(PathRewrite::Keep, HeaderMap::new());
                let request = request(event, uri.clone())?;
                let answered = front.proxy().forward(request, &connector, &route).await;
                let answered = answered.map_err(|error| NotTaken::for_now(error.to_string()))?;
                let status = answered.status();
                let _ = to_bytes(Body::new(answered.into_body()), ANSWER).await;
                judged(status)
            }
            Sink::Outside => {
                let body = event.body.to_vec();
                let answered = workbench.post(sink.clone(), event.headers(), body).await;
                let code = answered.map_err(|error| NotTaken::for_now(error.to_string()))?;
                judged(StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY))
            }
        }
    })
}

/// An event as a request.
fn request(event: &Event, uri: Uri) -> Result<Request, NotTaken> {
    let mut headers = HeaderMap::new();
    for (name, value) in event.headers() {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
        else {
            return Err(NotTaken::ever("its headers cannot be sent".to_owned()));
        };
        headers.insert(name, value);
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(event.body.len()));
    if uri.authority().is_none() {
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    }
    let mut request = Request::new(Body::from(event.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Whether an answer says that an event was taken. What a sink says of itself may pass, what it says of the event does not.
fn judged(code: StatusCode) -> Result<(), NotTaken> {
    if code.is_success() {
        return Ok(());
    }
    let may_pass = code.is_server_error()
        || code == StatusCode::TOO_MANY_REQUESTS
        || code == StatusCode::REQUEST_TIMEOUT;
    let why = format!("it answered {code}");
    Err(NotTaken { why, may_pass })
}

impl NotTaken {
    fn for_now(why: String) -> Self {
        Self {
            why,
            may_pass: true,
        }
    }

    fn ever(why: String) -> Self {
        Self {
            why,
            may_pass: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sink_says_of_an_event_is_for_ever_and_of_itself_for_now() {
        let check = |code: u16, expected: Option<bool>| {
            let judged = judged(StatusCode::from_u16(code).unwrap());
            assert_eq!(judged.err().map(|not_taken| not_taken.may_pass), expected);
        };
        for code in [200, 202, 204] {
            check(code, None);
        }
        for code in [408, 429, 500, 503] {
            check(code, Some(true));
        }
        for code in [301, 400, 404, 413] {
            check(code, Some(false));
        }
    }
}
