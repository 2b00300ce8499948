//! What is kept of a request to a model server and of its answer, while they pass.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use coracle_app::{Exchange, ExchangeMessage, KeptOfRequests, Workbench};
use coracle_gateway::proxy::is_grpc;

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
        let query = request.uri().query();
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
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
                path: format!("/{path}{query}"),
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
        })
    }

    /// The whole body of the request.
    pub(super) fn sent(&mut self, body: &Bytes) {
        self.exchange.request.size = body.len() as u64;
        if self.has_bodies && body.len() <= LONGEST_BODY {
            self.exchange.request.body = Some(body.to_vec());
        }
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

    /// Its end.
    pub(super) fn finish(self, revision: &str, code: u16, took: Duration) {
        let exchange = Exchange {
            revision: revision.to_owned(),
            code,
            took,
            ..self.exchange
        };
        self.workbench.keep_exchange(exchange);
    }
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = KEPT_HEADERS.iter().filter_map(|name| {
        let value = headers.get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    kept.collect()
}
