//! Raw bytes both ways, after an upgrade.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::io::Io;
use crate::pump::pump;

/// What the end of one direction means for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HalfClose {
    /// Nothing: the other side may go on for as long as it likes.
    Meant,
    /// The other side should end, too, as with WebSockets, which say goodbye in both directions.
    Unknown,
}

/// How long the other side may take to end.
const GOODBYE: Duration = Duration::from_secs(10);

/// Carries bytes until both sides have ended, or one broke.
pub(super) async fn tunnel(client: impl Io, server: impl Io, half_close: HalfClose) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let mut up: BoxFuture<'_, _> = Box::pin(pump(&mut from_client, &mut to_server));
    let mut down: BoxFuture<'_, _> = Box::pin(pump(&mut from_server, &mut to_client));
    let (first, other) = tokio::select! {
        ended = &mut up => (ended, down),
        ended = &mut down => (ended, up),
    };
    if first.is_err() {
        return;
    }
    match half_close {
        HalfClose::Meant => drop(other.await),
        HalfClose::Unknown => drop(tokio::time::timeout(GOODBYE, other).await),
    }
}
