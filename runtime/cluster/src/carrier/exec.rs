//! One program executed in a pod: Kubernetes' channels over a WebSocket.
//!
//! The first byte of a message is its channel: standard input, output, error, and how the program ended. Version 5 of the protocol
//! adds that a channel is closed. Sending and receiving go on beside each other, so that a program that no longer reads is heard.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{self, Instant};
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};

use super::error::CarrierError;
use super::pod::{CONTAINER, PROGRAM};
use crate::contexts::Connection;
use crate::error::innermost;
use crate::objects::{Refusal, RefusalKind};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const CLOSE: u8 = 255;

const WITH_CLOSE: &str = "v5.channel.k8s.io";
const PROTOCOLS: &str = "v5.channel.k8s.io, v4.channel.k8s.io";

/// How often the other side is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_secs(15);

/// A connection on which nothing came and nothing went for so long is lost. A disk may be slow.
const SILENCE: Duration = Duration::from_secs(120);

/// How much is kept of what the program says beside its output: the end, in bytes.
const SAID: usize = 4 << 10;

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exited {
    pub(super) code: i32,
    /// The end of its standard error.
    pub(super) said: String,
}

/// Executes `coracle-step` with a verb's words in a pod. Its standard input is what comes from `input`, its output goes to `output`.
///
/// # Errors
/// What was refused, and a connection that breaks before the program's end is told.
pub(super) async fn exec(
    connection: &Connection,
    pod_path: &str,
    words: &[&str],
    mut input: mpsc::Receiver<Bytes>,
    output: mpsc::Sender<Bytes>,
) -> Result<Exited, CarrierError> {
    let (socket, can_close) = open(connection, pod_path, words).await?;
    let (mut sink, mut stream) = socket.split();
    let alive = Alive::now();
    let sending = async {
        let mut is_open = true;
        loop {
            let next = match is_open {
                true => time::timeout(ASK_EVERY, input.recv()).await.ok(),
                false => {
                    time::sleep(ASK_EVERY).await;
                    None
                }
            };
            // That a question goes out says nothing of the other side.
            let goes_on = matches!(next, Some(Some(_)));
            let message = match next {
                Some(Some(piece)) => Message::binary(on(STDIN, &piece)),
                Some(None) => {
                    is_open = false;
                    if !can_close {
                        continue;
                    }
                    Message::binary(on(CLOSE, &[STDIN]))
                }
                None => Message::ping(Bytes::new()),
            };
            if sink.send(message).await.is_err() {
                break;
            }
            if goes_on {
                alive.mark();
            }
        }
        // What the program said before it went is still to be read, or that the connection is lost.
        std::future::pending::<()>().await;
    };
    let receiving = async {
        let mut said = BytesMut::new();
        loop {
            let message = match time::timeout_at(alive.last() + SILENCE, stream.next()).await {
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(error))) => return Err(CarrierError::Lost(innermost(&error))),
                Ok(None) => return Err(CarrierError::Lost("it was closed".to_owned())),
                Err(_) if alive.last().elapsed() < SILENCE => continue,
                Err(_) => return Err(CarrierError::Lost("nothing comes any more".to_owned())),
            };
            alive.mark();
            if message.is_close() {
                return Err(CarrierError::Lost("it was closed".to_owned()));
            }
            if !message.is_binary() && !message.is_text() {
                continue;
            }
            let mut payload = Bytes::from(message.into_payload());
            if payload.is_empty() {
                continue;
            }
            let content = payload.split_off(1);
            match payload[0] {
                // Whoever reads it may have heard enough.
                STDOUT if !content.is_empty() => drop(output.send(content).await),
                STDERR => {
                    said.extend_from_slice(&content);
                    let over = said.len().saturating_sub(SAID);
                    drop(said.split_to(over));
                }
                STATUS => return ended(&content, &said),
                _ => {}
            }
        }
    };
    // Neither is begun again: the first that ends, ends both.
    tokio::select! {
        () = sending => Err(CarrierError::Lost("it was closed".to_owned())),
        ended = receiving => ended,
    }
}

/// When something last came or went.
struct Alive {
    begun: Instant,
    milliseconds: AtomicU64,
}

impl Alive {
    fn now() -> Self {
        Self {
            begun: Instant::now(),
            milliseconds: AtomicU64::new(0),
        }
    }

    fn mark(&self) {
        let since = self.begun.elapsed().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.milliseconds.store(since, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.begun + Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }
}

fn on(channel: u8, content: &[u8]) -> Bytes {
    let mut message = BytesMut::with_capacity(content.len() + 1);
    message.put_u8(channel);
    message.extend_from_slice(content);
    message.freeze()
}

/// Reads a `Status`.
fn ended(status: &[u8], said: &[u8]) -> Result<Exited, CarrierError> {
    let status: Value = serde_json::from_slice(status).unwrap_or(Value::Null);
    let exited = |code| Exited {
        code,
        said: String::from_utf8_lossy(said).trim().to_owned(),
    };
    if status["status"] == "Success" {
        return Ok(exited(0));
    }
    let causes = status["details"]["causes"].as_array().into_iter().flatten();
    let mut codes = causes.filter(|cause| cause["reason"] == "ExitCode");
    let code = codes
        .next()
        .and_then(|cause| cause["message"].as_str()?.parse().ok());
    if let Some(code) = code {
        return Ok(exited(code));
    }
    let message = status["message"].as_str().unwrap_or("nothing was said");
    Err(CarrierError::ExecRefused(Refusal::own(
        RefusalKind::Other,
        message,
    )))
}

/// The connection, and whether the program can be told that its input has ended.
async fn open(
    connection: &Connection,
    pod_path: &str,
    words: &[&str],
) -> Result<(WebSocketStream<TokioIo<Upgraded>>, bool), CarrierError> {
    let mut query = vec![
        ("container", CONTAINER),
        ("stdin", "true"),
        ("stdout", "true"),
        ("stderr", "true"),
        ("command", PROGRAM),
    ];
    query.extend(words.iter().map(|word| ("command", *word)));
    let broken =
        |message: String| CarrierError::ExecRefused(Refusal::own(RefusalKind::Invalid, message));
    let query = serde_urlencoded::to_string(query).map_err(|error| broken(error.to_string()))?;
    let key = BASE64_STANDARD.encode(
        coracle_model::RunId::random()
            .to_string()
            .as_bytes()
            .split_at(16)
            .0,
    );
    let request = Request::builder()
        .method(Method::GET)
        .uri(format!("{pod_path}/exec?{query}"))
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, key)
        .header(SEC_WEBSOCKET_PROTOCOL, PROTOCOLS)
        .body(Body::empty())
        .map_err(|error| broken(error.to_string()))?;
    let sent = connection.client.send(request).await;
    let response = sent.map_err(|error| connection.explain(&error))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let code = response.status().as_u16();
        let body = response.into_body().collect().await;
        let bytes = body.map(http_body_util::Collected::to_bytes);
        let refusal = Refusal::of_answer(code, &bytes.unwrap_or_default());
        return Err(CarrierError::ExecRefused(refusal));
    }
    let chosen = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
    let can_close = chosen.is_some_and(|chosen| chosen == WITH_CLOSE);
    let upgraded = hyper::upgrade::on(response).await;
    let upgraded = upgraded.map_err(|error| CarrierError::Lost(innermost(&error)))?;
    let socket = ClientBuilder::new().take_over(TokioIo::new(upgraded));
    Ok((socket, can_close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_program_ended_is_read_from_its_status() {
        let failed = br#"{"status": "Failure", "reason": "NonZeroExitCode", "message": "command terminated with non-zero exit code",
            "details": {"causes": [{"reason": "ExitCode", "message": "3"}]}}"#;
        let exited = ended(failed, b"coracle-step: no\n").unwrap();
        assert_eq!((exited.code, exited.said.as_str()), (3, "coracle-step: no"));
        assert_eq!(ended(br#"{"status": "Success"}"#, b"").unwrap().code, 0);
        let refused = ended(
            br#"{"status": "Failure", "message": "container not found"}"#,
            b"",
        );
        assert_eq!(refused.unwrap_err().code(), "exec-refused");
    }
}
