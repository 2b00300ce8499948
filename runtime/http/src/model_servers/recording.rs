//! What is kept of a request to a model server and of its answer, while they pass.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri, header};
use coracle_app::{Exchange, ExchangeMessage, KeptOfRequests, Workbench};
use coracle_gateway::proxy::is_grpc;

use super::copied::copied;
use super::request_id::{id_of, text_of};

/// The longest body that is kept: a batch of some hundred rows of some hundred numbers. Longer ones are known by their size.
const LONGEST_BODY: usize = 256 * 1024;

/// The headers that say how a body is to be read. Others may say who asked.
const KEPT_HEADERS: [&str; 5] = [
    "accept",
    "content-encoding",
    "content-type",
    "inference-header-content-length",
    "ce-type",
];

/// A request of which nothing is kept: it is sent again, or stands for several that are kept each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unkept;

/// What is kept of one request.
pub(super) struct Recording {
    workbench: Workbench,
    exchange: Exchange,
    has_bodies: bool,
    /// A body that was sent piece by piece, once all of it has passed.
    passed: Arc<OnceLock<Bytes>>,
    has_ended: bool,
}

impl Recording {
    /// Begins to record a request, if such requests are kept: those that ask for a prediction, rather than how things stand.
    pub(super) fn begin(
        workbench: &Workbench,
        (namespace, name, path): (&str, &str, &str),
        request: &Request,
        kept: KeptOfRequests,
    ) -> Option<Self> {
        let is_unkept = request.extensions().get::<Unkept>().is_some();
        if is_unkept || kept == KeptOfRequests::Nothing || request.method() != Method::POST {
            return None;
        }
        let headers = request.headers();
        let length = headers.get(header::CONTENT_LENGTH);
        let size = length.and_then(|length| length.to_str().ok()?.parse().ok());
        Some(Self {
            exchange: Exchange {
                id: text_of(&id_of(headers)),
                namespace: namespace.to_owned(),
                server: name.to_owned(),
                revision: String::new(),
                at: workbench.now(),
                took: Duration::ZERO,
                method: request.method().to_string(),
                path: path_below(request.uri(), namespace, name)
                    .unwrap_or_else(|| format!("/{path}")),
                code: 0,
                request: ExchangeMessage {
                    headers: kept_headers(headers),
                    size: size.unwrap_or(0),
                    body: None,
                },
                answer: ExchangeMessage::default(),
            },
            // What gRPC sends cannot be read without its description, nor sent again over HTTP/1.
            has_bodies: kept == KeptOfRequests::All && !is_grpc(request),
            workbench: workbench.clone(),
            passed: Arc::default(),
            has_ended: false,
        })
    }

    /// Whether bodies are kept, which have to be read for that.
    pub(super) fn has_bodies(&self) -> bool {
        self.has_bodies
    }

    /// The whole body of the request.
    pub(super) fn sent(&mut self, body: &Bytes) {
        self.exchange.request.size = body.len() as u64;
        if self.has_bodies && body.len() <= LONGEST_BODY {
            self.exchange.request.body = Some(body.to_vec());
        }
    }

    /// Has its body kept while it passes.
    pub(super) fn watch(&self, request: Request) -> Request {
        if !self.has_bodies {
            return request;
        }
        let passed = Arc::clone(&self.passed);
        request.map(|body| {
            copied(body, LONGEST_BODY, move |copy| {
                if let Some(copy) = copy {
                    // It is told once.
                    let _ = passed.set(copy);
                }
            })
        })
    }

    /// The head of the answer.
    pub(super) fn answered(&mut self, headers: &HeaderMap) {
        self.exchange.answer.headers = kept_headers(headers);
        self.exchange.answer.body = self.has_bodies.then(Vec::new);
    }

    /// A part of its body.
    pub(super) fn received(&mut self, part: &Bytes) {
        let answer = &mut self.exchange.answer;
        answer.size += part.len() as u64;
        match &mut answer.body {
            Some(body) if body.len() + part.len() <= LONGEST_BODY => body.extend_from_slice(part),
            body => *body = None,
        }
    }

    /// All of it has come.
    pub(super) fn ended(&mut self) {
        self.has_ended = true;
    }

    /// The request is over. An answer that broke off is known by its size alone.
    pub(super) fn finish(mut self, revision: &str, code: u16, took: Duration) {
        if !self.has_ended {
            self.exchange.answer.body = None;
        }
        if let Some(passed) = self.passed.get().cloned() {
            self.sent(&passed);
        }
        let exchange = Exchange {
            revision: revision.to_owned(),
            code,
            took,
            ..self.exchange
        };
        self.workbench.keep_exchange(exchange);
    }
}

/// The path and query that are asked below the address of a model server, as they were written.
fn path_below(uri: &Uri, namespace: &str, name: &str) -> Option<String> {
    let asked = uri.path_and_query()?.as_str();
    let below = asked.strip_prefix(&format!("/serving/{namespace}/{name}"))?;
    Some(if below.starts_with('/') {
        below.to_owned()
    } else {
        format!("/{below}")
    })
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = KEPT_HEADERS.iter().filter_map(|name| {
        let value = headers.get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_was_asked_as_it_was_written() {
        let below = |uri: &str| path_below(&uri.parse().unwrap(), "team", "iris");
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            below("/serving/team/iris/v1/models/my%20iris:predict?a=%2F"),
            text("/v1/models/my%20iris:predict?a=%2F")
        );
        assert_eq!(below("/serving/team/iris"), text("/"));
        assert_eq!(below("/serving/team/iris?a=1"), text("/?a=1"));
        assert_eq!(below("/v1/models/iris:predict"), None);
    }
}
