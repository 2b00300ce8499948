//! How a request reaches a workbench, and what comes back.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use coracle_app::view::ErrorBody;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, BodyStream, Full};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;

use super::Call;
use crate::command_error::CommandError;

/// How long a connection to this machine may take. A workbench that is there accepts at once.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Why a part of an answer did not come.
type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// What an answer is made of.
pub type Content = UnsyncBoxBody<Bytes, BodyError>;

/// Answers requests in this process.
type Router = Box<
    dyn Fn(Request<Full<Bytes>>) -> BoxFuture<'static, Result<Response<Content>, Infallible>>
        + Send
        + Sync,
>;

/// A workbench to talk to.
pub struct Client(Transport);

enum Transport {
    Socket {
        http: Box<hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>>,
        url: String,
    },
    Router(Router),
}

impl Client {
    /// The workbench at an address such as `http://127.0.0.1:8890`.
    pub(crate) fn at(url: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_LIMIT));
        connector.set_nodelay(true);
        let http =
            hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Self(Transport::Socket {
            http: Box::new(http),
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// The routes themselves, without a socket.
    pub(crate) fn of_router<F>(
        call: impl Fn(Request<Full<Bytes>>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Response<Content>, Infallible>> + Send + 'static,
    {
        Self(Transport::Router(Box::new(move |request| {
            Box::pin(call(request))
        })))
    }

    /// Where the workbench is; none for one that is only looked at.
    pub fn url(&self) -> Option<&str> {
        match &self.0 {
            Transport::Socket { url, .. } => Some(url),
            Transport::Router(_) => None,
        }
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// A refusal, or a workbench that cannot be reached or understood.
    pub async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, CommandError> {
        let bytes = self.bytes(call).await?;
        serde_json::from_slice(&bytes).map_err(|error| not_understood(&error))
    }

    /// Asks, and reads an answer of plain text; what is not UTF-8 is replaced.
    pub(crate) async fn text(&self, call: Call) -> Result<String, CommandError> {
        Ok(String::from_utf8_lossy(&self.bytes(call).await?).into_owned())
    }

    /// Asks for something to be done that has no answer.
    pub(crate) async fn tell(&self, call: Call) -> Result<(), CommandError> {
        self.bytes(call).await.map(drop)
    }

    /// Asks, and returns the answer as it comes.
    ///
    /// # Errors
    /// A refusal, or a workbench that cannot be reached.
    pub async fn stream(&self, call: Call) -> Result<Content, CommandError> {
        let response = self.send(call).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let bytes = collect(response.into_body()).await?;
        Err(refusal(status, &bytes))
    }

    async fn bytes(&self, call: Call) -> Result<Bytes, CommandError> {
        collect(self.stream(call).await?).await
    }

    /// The one way in.
    async fn send(&self, call: Call) -> Result<Response<Content>, CommandError> {
        match &self.0 {
            Transport::Socket { http, url } => {
                let response = http
                    .request(request(call, url))
                    .await
                    .map_err(|error| unreachable_at(url, &error))?;
                Ok(response.map(|body| body.map_err(BodyError::from).boxed_unsync()))
            }
            Transport::Router(router) => {
                let mut request = request(call, "");
                request
                    .headers_mut()
                    .insert(HOST, hyper::header::HeaderValue::from_static("localhost"));
                let Ok(response) = router(request).await;
                Ok(response)
            }
        }
    }
}

fn request(call: Call, url: &str) -> Request<Full<Bytes>> {
    let mut builder = Request::builder()
        .method(call.method)
        .uri(format!("{url}{}", call.path));
    if call.body.is_some() {
        builder = builder.header(CONTENT_TYPE, call.content_type);
    }
    builder
        .body(Full::new(call.body.unwrap_or_default().into()))
        .expect("the address came from a socket and the path is escaped")
}

async fn collect(content: Content) -> Result<Bytes, CommandError> {
    Ok(content
        .collect()
        .await
        .map_err(|error| broken_off(&error))?
        .to_bytes())
}

/// How Kubernetes' API refuses.
#[derive(serde::Deserialize)]
struct KubernetesStatus {
    message: String,
}

fn refusal(status: StatusCode, bytes: &[u8]) -> CommandError {
    if let Ok(body) = serde_json::from_slice::<ErrorBody>(bytes) {
        return body.into();
    }
    if let Ok(said) = serde_json::from_slice::<KubernetesStatus>(bytes) {
        return match status {
            StatusCode::NOT_FOUND => CommandError::not_found(said.message),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                CommandError::usage(said.message)
            }
            _ => CommandError::failed("refused", said.message),
        };
    }
    CommandError::failed("refused", format!("the workbench answered {status}"))
        .with_hint("another program may listen at its address; `coracle doctor` shows where it is")
}

fn unreachable_at(url: &str, error: &hyper_util::client::legacy::Error) -> CommandError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    // What was never sent can be asked again.
    let code = if error.is_connect() {
        "unreachable"
    } else {
        "broken_off"
    };
    CommandError::failed(
        code,
        format!("the workbench at {url} cannot be reached: {cause}"),
    )
}

/// The next piece of an answer; none at its end. Cancel-safe.
///
/// # Errors
/// An answer that breaks off.
pub(super) async fn next_piece(
    content: &mut BodyStream<Content>,
) -> Result<Option<Bytes>, CommandError> {
    let frame = content.next().await.transpose();
    let frame = frame.map_err(|error| broken_off(&error))?;
    Ok(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

/// An answer that ended before it was whole.
fn broken_off(error: &BodyError) -> CommandError {
    CommandError::failed(
        "broken_off",
        format!("the workbench's answer broke off: {error}"),
    )
}

fn not_understood(error: &serde_json::Error) -> CommandError {
    CommandError::failed(
        "not_understood",
        format!("the workbench's answer cannot be read: {error}"),
    )
    .with_hint(
        "it may be of another version; stop it, and the next command starts one of this version",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_error::Exit;

    fn answering(status: StatusCode, body: &'static str) -> Client {
        Client::of_router(move |_| async move {
            let content = Full::from(body).map_err(BodyError::from).boxed_unsync();
            let mut response = Response::new(content);
            *response.status_mut() = status;
            Ok(response)
        })
    }

    #[tokio::test]
    async fn a_refusal_is_told_as_it_was_said() {
        let client = answering(
            StatusCode::NOT_FOUND,
            r#"{"code":"not_found","message":"no","hint":"look"}"#,
        );
        let error = client.tell(Call::health()).await.unwrap_err();
        assert_eq!(error.exit.code(), 4);
        assert_eq!(error.report.hint.as_deref(), Some("look"));
    }

    #[tokio::test]
    async fn kubernetes_refuses_in_its_own_words() {
        let status = r#"{"kind":"Status","status":"Failure","message":"no such name","reason":"Invalid","code":422}"#;
        for (code, exit) in [
            (StatusCode::UNPROCESSABLE_ENTITY, Exit::Usage),
            (StatusCode::NOT_FOUND, Exit::NotFound),
            (StatusCode::CONFLICT, Exit::Failed),
        ] {
            let client = answering(code, status);
            let error = client.tell(Call::objects(["api", "v1"])).await.unwrap_err();
            assert_eq!(
                (error.exit, error.report.message.as_str()),
                (exit, "no such name")
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_workbench_is_no_panic() {
        let client = answering(StatusCode::BAD_GATEWAY, "<html>");
        assert!(
            client
                .tell(Call::health())
                .await
                .unwrap_err()
                .report
                .message
                .contains("502")
        );
        let error = answering(StatusCode::OK, "<html>")
            .ask::<Vec<u8>>(Call::health())
            .await
            .unwrap_err();
        assert_eq!(error.report.code, "not_understood");
    }
}
