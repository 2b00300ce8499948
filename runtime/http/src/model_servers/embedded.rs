//! Models that are served in this process: from a socket to their server, and back.

use std::io;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use coracle_onnx::Server;
use http_body_util::LengthLimitError;
use serde_json::json;
use tokio::net::TcpListener;

/// The largest request: a batch of a hundred images, written as JSON.
const LARGEST_REQUEST: usize = 64 << 20;

/// Serves a model, and nothing else, until it is to stop and what was begun is answered.
///
/// # Errors
/// What the system said of the socket.
pub async fn serve_model(
    server: Server,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let everything = move |request| answer(server.clone(), request);
    axum::serve(listener, Router::new().fallback(everything))
        .with_graceful_shutdown(stop)
        .await
}

/// Has a model answer, on a thread that may be kept busy.
pub(super) async fn answer(server: Server, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let too_large = || {
        let said = format!("the body is larger than {LARGEST_REQUEST} bytes");
        refusal(StatusCode::PAYLOAD_TOO_LARGE, &said)
    };
    // One that says how long it is need not be read to be refused.
    if usize::try_from(body.size_hint().lower()).is_ok_and(|length| length > LARGEST_REQUEST) {
        return too_large();
    }
    let body = match to_bytes(body, LARGEST_REQUEST).await {
        Ok(body) => body,
        Err(error) => {
            return if error.into_inner().is::<LengthLimitError>() {
                too_large()
            } else {
                refusal(StatusCode::BAD_REQUEST, "the body ended too early")
            };
        }
    };
    let request = Request::from_parts(head, body);
    let answered = tokio::task::spawn_blocking(move || server.answer(&request));
    match answered.await {
        Ok(response) => response.map(Body::from),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// A refusal in the form that servers of models give theirs.
pub(super) fn refusal(code: StatusCode, said: &str) -> Response {
    (code, Json(json!({ "error": said }))).into_response()
}
