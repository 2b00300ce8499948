//! What is counted of requests to model servers, for Prometheus and for the pages; and what is kept of each.

use std::fmt::Error;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use coracle_app::{RequestAtWork, Workbench};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::body::{Watched, Watcher};
use super::event::Part;
use super::front::Failure;
use super::recording::Recording;
use super::sinks::Fate;
use super::turns::PodAtWork;

/// A revision of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    namespace: String,
    service: String,
    /// Empty for a request that no revision was asked.
    revision: String,
}

/// How it answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    namespace: String,
    service: String,
    revision: String,
    code: u16,
}

/// What became of events of a part.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Told {
    namespace: String,
    service: String,
    component: &'static str,
    fate: &'static str,
}

/// The counts of all servers.
#[derive(Clone)]
pub(super) struct Accounts {
    workbench: Workbench,
    registry: Arc<Mutex<Registry>>,
    requests: Family<Answered, Counter<u64, AtomicU64>>,
    seconds: Family<Asked, Histogram>,
    at_work: Family<Asked, Gauge>,
    events: Family<Told, Counter<u64, AtomicU64>>,
}

/// A request on its way: it is counted when this is dropped, and then its server has one less to work on.
pub(super) struct Account {
    accounts: Accounts,
    asked: Asked,
    code: StatusCode,
    began: Instant,
    _counted: Option<Arc<RequestAtWork>>,
    pod: Option<PodAtWork>,
    recording: Option<Recording>,
}

impl Accounts {
    pub(super) fn new(workbench: Workbench) -> Self {
        let requests = Family::default();
        let seconds: Family<Asked, Histogram> =
            Family::new_with_constructor(histogram as fn() -> Histogram);
        let at_work = Family::default();
        let mut registry = Registry::with_prefix("coracle_serving");
        registry.register("requests", "Requests to model servers", requests.clone());
        registry.register(
            "request_seconds",
            "How long requests took, from the first byte to the last",
            seconds.clone(),
        );
        registry.register("requests_at_work", "Requests at work", at_work.clone());
        let events = Family::default();
        registry.register(
            "logged_events",
            "Events of loggers, by what became of them",
            events.clone(),
        );
        Self {
            workbench,
            registry: Arc::new(Mutex::new(registry)),
            requests,
            seconds,
            at_work,
            events,
        }
    }

    /// Counts an event of a logger.
    pub(super) fn event(&self, part: &Part, fate: Fate) {
        let told = Told {
            namespace: part.namespace.clone(),
            service: part.name.clone(),
            component: part.component,
            fate: fate.as_str(),
        };
        self.events.get_or_create(&told).inc();
    }

    /// Opens the account of a request. One that waits for another, in which it is asked with others, is not counted as at work.
    pub(super) fn open(
        &self,
        namespace: &str,
        name: &str,
        counted: Option<Arc<RequestAtWork>>,
        recording: Option<Recording>,
    ) -> Account {
        Account {
            accounts: self.clone(),
            asked: Asked {
                namespace: namespace.to_owned(),
                service: name.to_owned(),
                revision: String::new(),
            },
            // A client that goes before it is answered: what proxies call it.
            code: StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            began: Instant::now(),
            _counted: counted,
            pod: None,
            recording,
        }
    }

    /// All counts, as Prometheus reads them.
    pub(super) fn text(&self) -> String {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => text,
            Err(Error) => String::new(),
        }
    }
}

/// From a quarter of a millisecond to two minutes.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 20))
}

impl Account {
    /// Notes whom the request goes to now.
    pub(super) fn goes_to(&mut self, pod: PodAtWork) {
        self.leave();
        self.asked.revision.clone_from(&pod.revision);
        self.accounts.at_work.get_or_create(&self.asked).inc();
        self.pod = Some(pod);
    }

    /// Notes the whole body of the request.
    pub(super) fn sent(&mut self, body: &Bytes) {
        if let Some(recording) = &mut self.recording {
            recording.sent(body);
        }
    }

    /// Notes the body of a request while it passes.
    pub(super) fn watch(&self, request: Request) -> Request {
        match &self.recording {
            Some(recording) => recording.watch(request),
            None => request,
        }
    }

    /// Notes what was answered, as it passes; the request is over when all of that is sent, or given up.
    pub(super) fn close(
        mut self,
        answered: Result<Response, Failure>,
    ) -> Result<Response, Failure> {
        match answered {
            Ok(response) => {
                self.answered(response.status(), response.headers());
                Ok(response.map(|body| Body::new(Watched::new(body, self))))
            }
            Err(failure) => {
                self.answered(failure.code, &HeaderMap::new());
                self.part(&failure.text().into());
                self.end();
                Err(failure)
            }
        }
    }

    fn answered(&mut self, code: StatusCode, headers: &HeaderMap) {
        self.code = code;
        if let Some(recording) = &mut self.recording {
            recording.answered(headers);
        }
    }

    fn leave(&mut self) {
        if self.pod.take().is_some() {
            self.accounts.at_work.get_or_create(&self.asked).dec();
        }
    }
}

impl Watcher for Account {
    fn part(&mut self, part: &Bytes) {
        if let Some(recording) = &mut self.recording {
            recording.received(part);
        }
    }

    fn end(&mut self) {
        if let Some(recording) = &mut self.recording {
            recording.ended();
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.leave();
        let asked = &self.asked;
        let (took, code) = (self.began.elapsed(), self.code.as_u16());
        let seconds = self.accounts.seconds.get_or_create(asked);
        seconds.observe(took.as_secs_f64());
        let server = (
            asked.namespace.as_str(),
            asked.service.as_str(),
            asked.revision.as_str(),
        );
        self.accounts.workbench.model_answered(server, code, took);
        if let Some(recording) = self.recording.take() {
            recording.finish(&asked.revision, code, took);
        }
        let answered = Answered {
            namespace: asked.namespace.clone(),
            service: asked.service.clone(),
            revision: asked.revision.clone(),
            code,
        };
        self.accounts.requests.get_or_create(&answered).inc();
    }
}
