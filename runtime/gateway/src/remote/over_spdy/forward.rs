//! Port-forward over SPDY: for each connection the client opens two streams, `error` and then `data`, of one request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::{PORT, REQUEST_ID, STREAM_TYPE, text};
use crate::io::Io;
use crate::remote::forward::{Dial, Forwarded, carry};
use crate::remote::query;
use crate::spdy::{Connection, Offer, Stream, StreamReader, StreamWriter};

/// How long the first stream of a request waits for the second, as with the kubelet.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves the forwarded ports of a connection.
pub(crate) async fn forward(io: impl Io + 'static, dial: Arc<dyn Dial>) {
    let (connection, driver) = Connection::serve(io);
    // What is carried has nobody to be carried for when the connection is over.
    let ended = tokio::select! {
        ended = driver => ended,
        () = serve(connection, &*dial) => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(?error, "the connection of a port-forward broke");
    }
}

async fn serve(mut connection: Connection, dial: &dyn Dial) {
    let mut requests = Requests::default();
    let mut carried = FuturesUnordered::new();
    loop {
        // Both may be dropped halfway: an offer stays in its channel, a connection in `carried`.
        tokio::select! {
            offer = connection.next() => {
                let Some(offer) = offer else { return };
                if let Some(forwarded) = requests.take(offer) {
                    carried.push(carry(forwarded, dial));
                }
            }
            Some(()) = carried.next() => {}
        }
    }
}

/// Requests of which one stream is there.
#[derive(Default)]
struct Requests(HashMap<RequestId, Half>);

/// What the client calls a request. Old clients do not name it, but open its streams one after the other.
#[derive(Debug, PartialEq, Eq, Hash)]
enum RequestId {
    Named(String),
    ErrorStream(u32),
}

struct Half {
    kind: Kind,
    stream: Stream,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Data,
}

impl Requests {
    /// Accepts a stream; with the second one a request is complete.
    fn take(&mut self, offer: Offer) -> Option<Forwarded<StreamReader, StreamWriter>> {
        self.0.retain(|_, half| half.since.elapsed() < PATIENCE);
        let headers = offer.headers();
        let port = query::port(text(headers, PORT)).ok();
        let kind = match text(headers, STREAM_TYPE) {
            "error" => Some(Kind::Error),
            "data" => Some(Kind::Data),
            _ => None,
        };
        let (Some(port), Some(kind)) = (port, kind) else {
            offer.refuse();
            return None;
        };
        let id = match (text(headers, REQUEST_ID), kind) {
            ("", Kind::Error) => RequestId::ErrorStream(offer.id().0),
            ("", Kind::Data) => RequestId::ErrorStream(offer.id().0.saturating_sub(2)),
            (name, Kind::Error | Kind::Data) => RequestId::Named(name.to_owned()),
        };
        match self.0.remove(&id) {
            Some(first) if first.kind != kind => {
                let second = offer.accept();
                let (error, data) = match kind {
                    Kind::Error => (second, first.stream),
                    Kind::Data => (first.stream, second),
                };
                Some(Forwarded {
                    port,
                    reader: data.reader,
                    writer: data.writer,
                    error: error.writer,
                })
            }
            Some(first) => {
                offer.refuse();
                self.0.insert(id, first);
                None
            }
            None => {
                let half = Half {
                    kind,
                    stream: offer.accept(),
                    since: Instant::now(),
                };
                self.0.insert(id, half);
                None
            }
        }
    }
}
