//! How a request changes on its way: its path, its headers, and what the server learns of the client.

use std::net::IpAddr;
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use thiserror::Error;

use super::headers::is_of_the_connection;

/// How requests are passed on to a server.
#[derive(Debug, Clone)]
pub struct Route {
    /// What becomes of the path.
    pub path: PathRewrite,
    /// Headers that replace the client's; those that [`headers_to_set`] reads, for instance.
    pub set_headers: HeaderMap,
    /// What the server is told it is called.
    pub host: Host,
    /// Who asks.
    pub peer: Peer,
    /// How long connecting may take.
    pub connect_limit: Duration,
}

/// What becomes of a request's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathRewrite {
    /// It stays, so the server knows the prefix it stands behind.
    Keep,
    /// The prefix is replaced: what the annotation `notebooks.kubeflow.org/http-rewrite-uri` is for.
    Prefix {
        /// The prefix, with or without the slash at its end.
        from: String,
        /// What stands there instead, often `/`.
        to: String,
    },
}

/// The `Host` of a request that is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// The client's own, so that a server can tell its own pages from others'.
    Keep,
    /// Another.
    Set(HeaderValue),
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The client's address, if it has one.
    pub address: Option<IpAddr>,
    /// How it spoke.
    pub scheme: Scheme,
}

/// How a client spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Through TLS.
    Https,
}

/// What is wrong with an annotation.
#[derive(Debug, Error)]
pub enum AnnotationError {
    /// It is no object of names and texts.
    #[error("it is not a JSON object of header names and values")]
    Json(#[source] serde_json::Error),
    /// Its names or values are none that HTTP knows.
    #[error("`{0}` is not a header that can be set to this value")]
    Header(String),
    /// It would set what the proxy itself decides.
    #[error("`{0}` is a matter of the connection and cannot be set")]
    Connection(HeaderName),
}

/// Reads the annotation `notebooks.kubeflow.org/http-headers-request-set`.
pub fn headers_to_set(annotation: &str) -> Result<HeaderMap, AnnotationError> {
    let read: std::collections::BTreeMap<String, String> =
        serde_json::from_str(annotation).map_err(AnnotationError::Json)?;
    let mut headers = HeaderMap::new();
    for (name, value) in read {
        let (Ok(parsed), Ok(value)) = (HeaderName::try_from(&name), HeaderValue::try_from(value))
        else {
            return Err(AnnotationError::Header(name));
        };
        if is_of_the_connection(&parsed) {
            return Err(AnnotationError::Connection(parsed));
        }
        headers.insert(parsed, value);
    }
    Ok(headers)
}

impl PathRewrite {
    /// The path and query that the server is asked for.
    ///
    /// # Errors
    /// When what comes of it is no path.
    pub fn apply(&self, uri: &Uri) -> Result<PathAndQuery, http::Error> {
        let asked = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let rest = self.rest_of(asked);
        let rewritten = match (self, rest) {
            (Self::Prefix { to, .. }, Some(rest)) => {
                let to = to.trim_end_matches('/');
                let slash = if to.is_empty() && !rest.starts_with('/') {
                    "/"
                } else {
                    ""
                };
                format!("{to}{slash}{rest}")
            }
            (Self::Keep | Self::Prefix { .. }, _) => asked.to_owned(),
        };
        Ok(PathAndQuery::try_from(rewritten)?)
    }

    /// The prefix that the server does not see.
    pub(super) fn hidden_prefix(&self) -> Option<&str> {
        match self {
            Self::Keep => None,
            Self::Prefix { from, to } => {
                let from = from.trim_end_matches('/');
                (from != to.trim_end_matches('/') && !from.is_empty()).then_some(from)
            }
        }
    }

    /// What follows the prefix, if it is one of `asked`.
    fn rest_of<'a>(&self, asked: &'a str) -> Option<&'a str> {
        let Self::Prefix { from, .. } = self else {
            return None;
        };
        let rest = asked.strip_prefix(from.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_replaced() {
        let check = |to: &str, asked: &str, expected: &str| {
            let rewrite = PathRewrite::Prefix {
                from: "/notebook/me/one/".to_owned(),
                to: to.to_owned(),
            };
            let path = rewrite.apply(&asked.parse().unwrap()).unwrap();
            assert_eq!(path.as_str(), expected, "{asked} to {to}");
        };
        check("/", "/notebook/me/one/a/b?c=d", "/a/b?c=d");
        check("/", "/notebook/me/one/", "/");
        check("/", "/notebook/me/one", "/");
        check("/", "/notebook/me/one?x", "/?x");
        check("/lab/", "/notebook/me/one/a", "/lab/a");
        check(
            "/notebook/me/one/",
            "/notebook/me/one/a",
            "/notebook/me/one/a",
        );
        check("/", "/notebook/me/one-more/a", "/notebook/me/one-more/a");
        check("/", "/elsewhere", "/elsewhere");
    }

    #[test]
    fn only_a_prefix_that_the_server_does_not_see_is_told() {
        let hidden = |to: &str| {
            let rewrite = PathRewrite::Prefix {
                from: "/a/b/".to_owned(),
                to: to.to_owned(),
            };
            rewrite.hidden_prefix().map(str::to_owned)
        };
        assert_eq!(hidden("/"), Some("/a/b".to_owned()));
        assert_eq!(hidden("/a/b"), None);
        assert_eq!(PathRewrite::Keep.hidden_prefix(), None);
    }

    #[test]
    fn an_annotation_sets_headers_but_not_those_of_the_connection() {
        let headers = headers_to_set(r#"{"X-RStudio-Root-Path":"/notebook/me/one/"}"#).unwrap();
        assert_eq!(headers["x-rstudio-root-path"], "/notebook/me/one/");
        for wrong in [
            "",
            "[]",
            r#"{"a":1}"#,
            r#"{"a b":"c"}"#,
            r#"{"a":"b\nc"}"#,
            r#"{"Transfer-Encoding":"chunked"}"#,
            r#"{"content-length":"1"}"#,
        ] {
            assert!(headers_to_set(wrong).is_err(), "{wrong}");
        }
    }
}
