//! What is asked of an API server while something is followed: objects, and answers that go on.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header::ACCEPT;
use http::{Method, Request};
use http_body_util::{BodyExt as _, BodyStream, Collected};
use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tokio::time;

use crate::contexts::Connection;
use crate::error::{ClusterError, innermost};

/// An answer that is given at once comes within this time, or the connection counts as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Why a workload is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// It is not there.
    #[error("there is no {workload} in the namespace `{namespace}` of the cluster")]
    Missing {
        /// `Job/sum`.
        workload: String,
        /// The namespace.
        namespace: String,
    },
    /// The cluster cannot be asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// 404.
    Missing,
    /// 410: the version from which to go on is no longer known.
    Outdated,
    /// Another refusal, which the same request would meet again.
    Refused { code: u16, message: String },
    /// There was no answer, or the server has no room; worth another try.
    Lost(String),
}

/// What comes next of an answer that goes on.
pub(super) enum Next {
    Piece(Bytes),
    /// It is whole.
    End,
    /// The connection broke.
    Broken(String),
    /// Nothing came for as long as was waited.
    Silent,
}

/// An answer that goes on.
pub(super) struct Content(BodyStream<Body>);

impl Content {
    pub(super) async fn next(&mut self, within: Duration) -> Next {
        let Ok(frame) = time::timeout(within, self.0.next()).await else {
            return Next::Silent;
        };
        match frame {
            None => Next::End,
            Some(Ok(frame)) => Next::Piece(frame.into_data().unwrap_or_default()),
            Some(Err(error)) => Next::Broken(innermost(&error)),
        }
    }
}

/// An API server.
pub(super) struct Api {
    client: Client,
    server: String,
}

impl Api {
    pub(super) fn new(connection: &Connection) -> Self {
        Self {
            client: connection.client.clone(),
            server: connection.server.clone(),
        }
    }

    /// What a path leads to.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let answered = time::timeout(ANSWER_WITHIN, async {
            let content = self.open(path).await?;
            let pieces = content
                .0
                .try_fold(Vec::new(), |mut whole, frame| async move {
                    whole.extend_from_slice(&frame.into_data().unwrap_or_default());
                    Ok(whole)
                });
            pieces
                .await
                .map_err(|error| Failure::Lost(innermost(&error)))
        });
        let bytes = answered
            .await
            .map_err(|_| Failure::Lost(format!("`{}` did not answer in time", self.server)))??;
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::Lost(format!("its answer is no JSON: {error}")))
    }

    /// An answer that goes on. How long it is waited for is the caller's matter: a server begins to answer when it has something
    /// to say.
    pub(super) async fn open(&self, path: &str) -> Result<Content, Failure> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(ACCEPT, "application/json, */*")
            .body(Body::empty())
            .map_err(|error| Failure::Refused {
                code: 400,
                message: format!("`{path}` is no address: {error}"),
            })?;
        let response = self.client.send(request).await.map_err(|error| {
            Failure::Lost(ClusterError::of_client(&self.server, &error).to_string())
        })?;
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return Ok(Content(BodyStream::new(body)));
        }
        let body = time::timeout(ANSWER_WITHIN, body.collect()).await;
        let bytes = body.ok().and_then(Result::ok).map(Collected::to_bytes);
        Err(failure(head.status.as_u16(), &bytes.unwrap_or_default()))
    }

    /// A failure, where nothing is followed yet.
    pub(super) fn explain(&self, failure: Failure) -> ClusterError {
        match failure {
            Failure::Refused { code: 401, message } => ClusterError::Unauthorized { message },
            Failure::Refused { code: 403, message } => ClusterError::Forbidden { message },
            Failure::Refused { code, message } => ClusterError::Refused {
                status: code,
                reason: String::new(),
                message,
            },
            Failure::Missing | Failure::Outdated => ClusterError::Refused {
                status: 404,
                reason: "NotFound".to_owned(),
                message: "the cluster does not serve this".to_owned(),
            },
            Failure::Lost(reason) => ClusterError::Unreachable {
                server: self.server.clone(),
                reason,
            },
        }
    }
}

/// What an answer means that is no success.
fn failure(code: u16, body: &[u8]) -> Failure {
    let said = serde_json::from_slice::<Value>(body).ok();
    let said = said.and_then(|status| status["message"].as_str().map(str::to_owned));
    let message = said.unwrap_or_else(|| {
        let text = String::from_utf8_lossy(body);
        let first: String = text
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect();
        format!("HTTP {code} {first}").trim_end().to_owned()
    });
    match code {
        404 => Failure::Missing,
        410 => Failure::Outdated,
        429 | 500.. => Failure::Lost(message),
        _ => Failure::Refused { code, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_has_no_room_for_is_worth_another_try() {
        let status = br#"{"kind": "Status", "message": "too many"}"#;
        assert_eq!(failure(429, status), Failure::Lost("too many".to_owned()));
        assert_eq!(
            failure(502, b"<html>"),
            Failure::Lost("HTTP 502 <html>".to_owned())
        );
        assert_eq!(failure(410, status), Failure::Outdated);
        let refused = Failure::Refused {
            code: 403,
            message: "too many".to_owned(),
        };
        assert_eq!(failure(403, status), refused);
    }
}
