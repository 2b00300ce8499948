//! How many logs are read at once: a connection each. Where there are more, they take turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How many logs are read at once. A workload of hundreds of pods is no more to an API server than one of some dozens.
const AT_ONCE: usize = 64;

/// How long a log is read while others wait; it is gone on with, where it was, when they have had theirs.
const TURN: Duration = Duration::from_secs(3);

/// Who may read now. Whoever waits comes in the order in which they asked.
#[derive(Clone)]
pub(super) struct Turns(Arc<Shared>);

struct Shared {
    room: Semaphore,
    waiting: AtomicUsize,
}

/// The leave to read; it ends when it is dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    _room: Option<SemaphorePermit<'a>>,
    ends: Instant,
}

/// Counts one who waits, for as long as it waits.
struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turns {
    pub(super) fn new() -> Self {
        Self::of(AT_ONCE)
    }

    fn of(count: usize) -> Self {
        Self(Arc::new(Shared {
            room: Semaphore::new(count),
            waiting: AtomicUsize::new(0),
        }))
    }

    /// Waits until there is room.
    pub(super) async fn next(&self) -> Turn<'_> {
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        let waits = Waits(&self.0.waiting);
        // Nobody closes it.
        let room = self.0.room.acquire().await.ok();
        drop(waits);
        Turn {
            turns: self,
            _room: room,
            ends: Instant::now() + TURN,
        }
    }
}

impl Turn<'_> {
    /// Until when nobody else is to be let in.
    pub(super) fn ends(&self) -> Instant {
        self.ends
    }

    /// Whether it is time to let others read. Where nobody waits, another turn begins at once.
    pub(super) fn is_over(&mut self) -> bool {
        if Instant::now() < self.ends {
            return false;
        }
        if self.turns.0.waiting.load(Ordering::Relaxed) > 0 {
            return true;
        }
        self.ends = Instant::now() + TURN;
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::AtomicBool;

    use bytes::Bytes;
    use futures_util::StreamExt as _;
    use futures_util::stream::{self, BoxStream};
    use http::{Request, Response};
    use http_body::Frame;
    use http_body_util::StreamBody;
    use kube::Client;
    use kube::client::Body;
    use serde_json::json;
    use tokio::sync::mpsc;
    use tower::{BoxError, service_fn};

    use super::super::log::{Listener, LogKey, Reading, follow_log};
    use super::super::news::WorkloadNews;
    use super::super::requests::Api;
    use super::super::source::Source;
    use super::*;
    use crate::contexts::Connection;

    type Answer = StreamBody<BoxStream<'static, Result<Frame<Bytes>, BoxError>>>;

    /// Pods whose containers write a line and go on, until all end with a second one.
    #[derive(Default)]
    struct Server {
        have_ended: AtomicBool,
        open: AtomicUsize,
        most_open: AtomicUsize,
    }

    struct Opened(Arc<Server>);

    impl Drop for Opened {
        fn drop(&mut self) {
            self.0.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    impl Server {
        fn answer(self: &Arc<Self>, request: &Request<Body>) -> Response<Answer> {
            let has_ended = self.have_ended.load(Ordering::Relaxed);
            let path = request.uri().path();
            let Some(pod) = path.strip_suffix("/log") else {
                let state = if has_ended { "terminated" } else { "running" };
                let status = json!({"containerStatuses": [{"name": "main", "containerID": "c://1", "state": {state: {}}}]});
                let pod = json!({"metadata": {"uid": path}, "status": status});
                let whole =
                    stream::once(async move { Ok(Frame::data(Bytes::from(pod.to_string()))) });
                return Response::new(StreamBody::new(whole.boxed()));
            };
            let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
            self.most_open.fetch_max(open, Ordering::Relaxed);
            let opened = Opened(self.clone());
            let line = |at: u32| format!("2026-01-02T03:04:0{at}Z {pod} {at}\n");
            let mut text = line(1);
            if has_ended {
                text.push_str(&line(2));
            }
            let is_followed = request.uri().query().unwrap_or_default().contains("follow");
            let more = match is_followed && !has_ended {
                true => stream::pending().left_stream(),
                false => stream::empty().right_stream(),
            };
            let bytes = stream::once(async { Bytes::from(text) }).chain(more);
            let frames = bytes.map(move |bytes| {
                let _ = &opened;
                Ok(Frame::data(bytes))
            });
            Response::new(StreamBody::new(frames.boxed()))
        }

        fn api(self: &Arc<Self>) -> Api {
            let server = self.clone();
            let service = service_fn(move |request: Request<Body>| {
                let answer = server.answer(&request);
                async move { Ok::<_, BoxError>(answer) }
            });
            Api::new(&Connection {
                client: Client::new(service, "default"),
                context: "c".to_owned(),
                namespace: "default".to_owned(),
                server: "https://c".to_owned(),
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_logs_few_are_open_at_once_and_each_line_is_told_once_in_order() {
        let (pods, at_once) = (40, 4);
        let server = Arc::new(Server::default());
        let api = server.api();
        let (tell, mut told) = mpsc::channel(8);
        let listener = Listener {
            tell,
            lines: Arc::default(),
            turns: Turns::of(at_once),
        };
        let (to_center, _heard) = mpsc::channel(8);
        let key = |number| LogKey {
            pod_path: format!("/{number}"),
            pod: format!("/{number}"),
            pod_uid: format!("/{number}"),
            container: "main".to_owned(),
            id: "c://1".to_owned(),
        };
        let follow = |number: u64| {
            let (api, listener) = (&api, listener.clone());
            let source = Source::new(number, to_center.clone());
            async move { follow_log(api, &key(number), Reading::Follow, &listener, source).await }
        };
        let logs = futures_util::future::join_all((0..pods).map(follow));
        let mut lines = BTreeMap::<String, Vec<String>>::new();
        let listen = async {
            // The containers end once a line of each was told: none waits for another's end.
            while lines.values().map(Vec::len).sum::<usize>() < 2 * 40 {
                let Some(WorkloadNews::Line { pod, text, .. }) = told.recv().await else {
                    panic!("a line of each");
                };
                lines.entry(pod).or_default().push(text);
                if lines.len() == 40 {
                    server.have_ended.store(true, Ordering::Relaxed);
                }
            }
        };
        let both = async { tokio::join!(logs, listen) };
        tokio::time::timeout(TURN * 60, both).await.unwrap();
        for (pod, told) in &lines {
            assert_eq!(*told, [format!("{pod} 1"), format!("{pod} 2")]);
        }
        assert_eq!(server.most_open.load(Ordering::Relaxed), at_once);
        assert_eq!(server.open.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_ends_where_somebody_waits_and_those_who_wait_come_in_order() {
        let turns = Turns::of(1);
        let mut first = turns.next().await;
        tokio::time::sleep(TURN * 2).await;
        assert!(!first.is_over());
        let order = std::sync::Mutex::new(Vec::new());
        let wait = async |name| {
            let turn = turns.next().await;
            order.lock().unwrap().push(name);
            drop(turn);
        };
        let reads = async {
            tokio::time::sleep(TURN / 2).await;
            assert!(!first.is_over());
            tokio::time::sleep(TURN).await;
            assert!(first.is_over() && order.lock().unwrap().is_empty());
            drop(first);
        };
        tokio::join!(reads, wait("second"), wait("third"));
        assert_eq!(*order.lock().unwrap(), ["second", "third"]);
        assert_eq!(turns.0.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_is_waited_for_no_more() {
        let turns = Turns::of(1);
        let mut first = turns.next().await;
        let waited = tokio::time::timeout(TURN * 2, turns.next()).await;
        assert!(waited.is_err());
        assert!(!first.is_over());
    }
}
