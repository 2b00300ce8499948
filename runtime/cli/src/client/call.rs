//! What is asked of a workbench: a method, a path, a query and a body. Most is asked of its own API, some of Kubernetes'.

use hyper::Method;
use serde::Serialize;

/// Where the API begins.
const ROOT: &str = "/apis/coracle/v1";

/// How the body of most requests is to be read.
const JSON: &str = "application/json";

/// How a body is to be read of which only its reader knows what it is.
const BYTES: &str = "application/octet-stream";

/// How an object is to be read that is applied.
const APPLY: &str = "application/apply-patch+yaml";

/// Who applies objects.
const MANAGER: &str = "coracle";

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub(crate) method: Method,
    /// The path with its query, already escaped.
    pub(crate) path: String,
    /// What is sent along.
    pub(crate) body: Option<Vec<u8>>,
    /// How that is to be read.
    pub(crate) content_type: &'static str,
}

impl Call {
    /// Asks for something. Segments are escaped, so that a name with a `/` stays one segment.
    pub fn get<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::GET, segments)
    }

    /// Changes something.
    pub(crate) fn post<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::POST, segments)
    }

    /// Puts something in place of what was there.
    pub(crate) fn put<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::PUT, segments)
    }

    /// Removes something.
    pub(crate) fn delete<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::DELETE, segments)
    }

    /// Applies an object of the Kubernetes API, which the segments name from the root on.
    pub(crate) fn apply<'a>(
        segments: impl IntoIterator<Item = &'a str>,
        object: &impl Serialize,
    ) -> Self {
        let applied = Self {
            content_type: APPLY,
            ..Self::below("", Method::PATCH, segments).json(object)
        };
        applied.query(&[("fieldManager", MANAGER), ("force", "true")])
    }

    /// Asks for objects of the Kubernetes API.
    pub(crate) fn objects<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::below("", Method::GET, segments)
    }

    /// Asks whether a workbench answers.
    pub fn health() -> Self {
        Self::new(Method::GET, ["health"])
    }

    /// Does something to what the path names: `/runs/ID:cancel`.
    #[must_use]
    pub(crate) fn action(mut self, verb: &str) -> Self {
        self.path.push(':');
        self.path.push_str(verb);
        self
    }

    /// With a query.
    #[must_use]
    pub fn query(mut self, query: &impl Serialize) -> Self {
        let text = serde_urlencoded::to_string(query)
            .expect("queries are flat and hold texts and numbers");
        if !text.is_empty() {
            self.path.push('?');
            self.path.push_str(&text);
        }
        self
    }

    /// With a body.
    #[must_use]
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).expect("requests hold only what JSON can say"));
        self
    }

    /// With a body of whatever form, which whoever reads it tells by itself.
    #[must_use]
    pub(crate) fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.content_type = BYTES;
        self
    }

    fn new<'a>(method: Method, segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::below(ROOT, method, segments)
    }

    fn below<'a>(root: &str, method: Method, segments: impl IntoIterator<Item = &'a str>) -> Self {
        let path = segments.into_iter().fold(root.to_owned(), |path, segment| {
            format!("{path}/{}", escape(segment))
        });
        Self {
            method,
            path,
            body: None,
            content_type: JSON,
        }
    }
}

/// Percent-encodes everything that could mean something in a URL.
fn escape(segment: &str) -> String {
    let mut escaped = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    // A segment of dots only is taken for a step in the path.
    if !escaped.is_empty() && escaped.bytes().all(|byte| byte == b'.') {
        escaped.replace('.', "%2E")
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    use coracle_app::view::{GcRequest, LogFormat, LogQuery, LogStream, RunQuery};
    use coracle_model::AttemptNumber;

    use super::*;

    #[test]
    fn names_stay_one_segment() {
        assert_eq!(
            Call::get(["runs", "a/b c", "tasks"]).path,
            "/apis/coracle/v1/runs/a%2Fb%20c/tasks"
        );
        assert_eq!(
            Call::post(["runs", "1f"]).action("cancel").path,
            "/apis/coracle/v1/runs/1f:cancel"
        );
        assert_eq!(
            Call::delete(["secrets", ".."]).path,
            "/apis/coracle/v1/secrets/%2E%2E"
        );
    }

    #[test]
    fn objects_are_applied_by_whoever_asks_last() {
        let call = Call::apply(["api", "v1", "nodes"], &1);
        assert_eq!(call.path, "/api/v1/nodes?fieldManager=coracle&force=true");
        assert_eq!((call.method, call.content_type), (Method::PATCH, APPLY));
    }

    #[test]
    fn queries_say_only_what_was_asked() {
        assert_eq!(
            Call::get(["runs"]).query(&RunQuery::default()).path,
            "/apis/coracle/v1/runs"
        );
        let gc = GcRequest {
            runs_before: "2025-01-02T03:04:05Z".parse().ok(),
            environments: true,
        };
        let path = Call::get(["gc"]).query(&gc).path;
        assert_eq!(
            path,
            "/apis/coracle/v1/gc?runs_before=2025-01-02T03%3A04%3A05Z&environments=true"
        );
        let log = LogQuery {
            step: Some("loop-1[0]/a&b".to_owned()),
            attempt: Some(AttemptNumber(2)),
            stream: Some(LogStream::Stderr),
            tail: None,
            from: None,
            follow: false,
            format: LogFormat::Lines,
        };
        let path = Call::get(["log"]).query(&log).path;
        let expected =
            "?step=loop-1%5B0%5D%2Fa%26b&attempt=2&stream=stderr&follow=false&format=lines";
        assert_eq!(path, format!("/apis/coracle/v1/log{expected}"));
    }
}
