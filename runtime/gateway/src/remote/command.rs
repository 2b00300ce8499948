//! Exec and attach.

use http::Request;
use hyper_util::rt::TokioIo;

use super::asked::{Asked, grant_spdy, grant_websocket};
use super::protocol::{SPDY_COMMAND, WEBSOCKET_COMMAND};
use super::query::Streams;
use super::refusal::Refusal;
use super::session::{Exit, Session};
use super::{Upgrade, over_spdy, over_websocket};

/// Grants a request for exec or attach. `start` is polled once the client listens.
pub fn command<B>(
    request: &mut Request<B>,
    streams: Streams,
    start: impl Future<Output = Result<Session, Exit>> + Send + 'static,
) -> Result<Upgrade, Refusal> {
    match Asked::read(request.headers())? {
        Asked::WebSocket { accept, protocols } => {
            let (response, protocol) = grant_websocket(&accept, &protocols, &WEBSOCKET_COMMAND)?;
            Ok(Upgrade::of(request, response, move |upgraded| {
                over_websocket::command(TokioIo::new(upgraded), protocol, streams, start)
            }))
        }
        Asked::Spdy { protocols } => {
            let (response, protocol) = grant_spdy(&protocols, &SPDY_COMMAND)?;
            Ok(Upgrade::of(request, response, move |upgraded| {
                over_spdy::command(TokioIo::new(upgraded), protocol, streams, start)
            }))
        }
    }
}
