//! Commands and ports over a WebSocket: channels, told apart by the first byte of each message.

mod channels;
mod command;
mod forward;
mod framing;
mod tunnel;

pub(super) use command::command;
pub(super) use forward::forward;
pub(super) use tunnel::tunnel;

use std::time::Duration;

use tokio_websockets::{Limits, ServerBuilder, WebSocketStream};

use crate::io::Io;

/// The largest message; Kubernetes' API server takes as much.
const LARGEST_MESSAGE: usize = 32 * 1024 * 1024;
/// How long a client may take to say goodbye.
const LINGER: Duration = Duration::from_secs(10);

/// A WebSocket on a connection that was upgraded to one.
fn websocket<I: Io>(io: I) -> WebSocketStream<I> {
    let limits = Limits::default().max_payload_len(Some(LARGEST_MESSAGE));
    ServerBuilder::new().limits(limits).serve(io)
}
