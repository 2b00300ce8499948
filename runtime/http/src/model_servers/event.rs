//! What is told of a request or a response, as an event of CloudEvents 1.0 that stands in headers.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use coracle_app::Logger;
use coracle_model::Timestamp;

/// How the types of such events begin.
pub(super) const EVENT_TYPES: &str = "org.kubeflow.serving.inference.";

/// Where events come from: KServe's agent, by the address that it has for itself.
const SOURCE: &str = "http://localhost:9081/";

/// A part of a model server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) component: &'static str,
}

/// What the events of one request have in common.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) part: Part,
    /// Where they are sent.
    pub(super) sink: String,
    id: String,
    /// The headers that are told, as JSON.
    metadata: String,
    /// The annotations that are told, as JSON.
    annotations: Option<String>,
    content_type: Option<String>,
}

/// What an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    Request,
    Response,
}

/// An event.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) subject: Subject,
    pub(super) kind: EventKind,
    pub(super) time: Timestamp,
    pub(super) body: Bytes,
}

impl Subject {
    /// What the events of a request have in common.
    pub(super) fn new(part: Part, logger: &Logger, headers: &HeaderMap, id: String) -> Self {
        let values = |name: &String| {
            let values = headers.get_all(name).into_iter();
            let values: Vec<_> = values
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .collect();
            (!values.is_empty()).then(|| (name.clone(), values))
        };
        let metadata: BTreeMap<_, _> = logger.headers.iter().filter_map(values).collect();
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        let annotations = &logger.annotations;
        Self {
            part,
            sink: logger.sink.clone(),
            id,
            metadata: json(&metadata),
            annotations: (!annotations.is_empty()).then(|| json(annotations)),
            content_type: text(header::CONTENT_TYPE.as_str()),
        }
    }

    /// The same, for what was answered: its body may be of another type.
    pub(super) fn of_response(mut self, headers: &HeaderMap) -> Self {
        let own = headers.get(header::CONTENT_TYPE);
        if let Some(own) = own.and_then(|own| own.to_str().ok()) {
            self.content_type = Some(own.to_owned());
        }
        self
    }
}

fn json(texts: &impl serde::Serialize) -> String {
    serde_json::to_string(texts).expect("texts by names are JSON")
}

impl Event {
    /// The headers in which it stands.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let Subject {
            part,
            id,
            metadata,
            annotations,
            content_type,
            ..
        } = &self.subject;
        let kind = match self.kind {
            EventKind::Request => format!("{EVENT_TYPES}request"),
            EventKind::Response => format!("{EVENT_TYPES}response"),
        };
        let time = self.time.to_string();
        let mut headers = vec![
            ("ce-specversion", "1.0"),
            ("ce-id", id),
            ("ce-type", &kind),
            ("ce-source", SOURCE),
            ("ce-time", &time),
            ("ce-inferenceservicename", &part.name),
            ("ce-namespace", &part.namespace),
            ("ce-component", part.component),
            // The agent is told none in the standard deployment mode, and says so.
            ("ce-endpoint", ""),
            ("ce-metadata", metadata),
        ];
        let annotations = annotations
            .iter()
            .map(|told| ("ce-annotations", told.as_str()));
        headers.extend(annotations);
        let content_type = content_type
            .iter()
            .map(|told| ("content-type", told.as_str()));
        headers.extend(content_type);
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        headers.into_iter().map(owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use coracle_app::LoggerMode;

    use super::*;

    fn told(asked: &[(&'static str, &'static str)]) -> BTreeMap<String, String> {
        let headers = asked.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        let part = Part {
            namespace: "team".to_owned(),
            name: "iris".to_owned(),
            component: "predictor",
        };
        let logger = Logger {
            sink: "http://sink/".to_owned(),
            mode: LoggerMode::All,
            headers: vec!["X-Tenant".to_owned(), "X-Missing".to_owned()],
            annotations: [("owner".to_owned(), "me".to_owned())].into(),
        };
        let headers: HeaderMap = headers.collect();
        let event = Event {
            subject: Subject::new(part, &logger, &headers, "new".to_owned()),
            kind: EventKind::Request,
            time: Timestamp::UNIX_EPOCH,
            body: Bytes::new(),
        };
        event.headers().into_iter().collect()
    }

    #[test]
    fn an_event_says_what_it_tells_of() {
        let told = told(&[("x-tenant", "a"), ("content-type", "application/json")]);
        let expected = [
            ("ce-annotations", r#"{"owner":"me"}"#),
            ("ce-component", "predictor"),
            ("ce-endpoint", ""),
            ("ce-id", "new"),
            ("ce-inferenceservicename", "iris"),
            ("ce-metadata", r#"{"X-Tenant":["a"]}"#),
            ("ce-namespace", "team"),
            ("ce-source", "http://localhost:9081/"),
            ("ce-specversion", "1.0"),
            ("ce-time", "1970-01-01T00:00:00Z"),
            ("ce-type", "org.kubeflow.serving.inference.request"),
            ("content-type", "application/json"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(told, BTreeMap::from(expected));
    }
}
