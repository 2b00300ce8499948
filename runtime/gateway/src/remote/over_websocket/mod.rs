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

/// Does the work of a connection until it is done and the client was told, or until the client has gone.
///
/// `listening` ends when the client hangs up, `writing` when all was written or nothing can be.
async fn serve(
    work: impl Future<Output = ()>,
    listening: impl Future<Output = ()>,
    writing: impl Future<Output = Result<(), tokio_websockets::Error>>,
) {
    let mut listening = Box::pin(listening);
    let mut writing = Box::pin(writing);
    let telling = async {
        tokio::select! {
            () = work => writing.await,
            written = &mut writing => written,
        }
    };
    // What is dropped here has nobody to be done for.
    tokio::select! {
        () = &mut listening => {}
        told = telling => match told {
            Ok(()) => drop(tokio::time::timeout(LINGER, listening).await),
            Err(error) => tracing::debug!(%error, "a client does not listen any more"),
        },
    }
}
