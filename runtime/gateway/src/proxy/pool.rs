//! Connections that were used and can be used again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::client::conn::http1::SendRequest;

use super::connector::Upstream;

/// The body of a request on its way.
pub(super) type RequestBody = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Longer than a page takes to ask for the next thing, shorter than what servers wait.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// As many as a browser opens, a few times over.
const MOST_IDLE: usize = 32;

/// The idle connections, by server.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<HashMap<Upstream, Vec<Idle>>>>);

struct Idle {
    sender: SendRequest<RequestBody>,
    since: Instant,
}

impl Pool {
    /// The connection that was used last, if one is idle.
    pub(super) fn take(&self, upstream: &Upstream) -> Option<SendRequest<RequestBody>> {
        let mut pool = self.lock();
        let idle = pool.get_mut(upstream)?;
        purge(idle);
        // One that is not ready is still busy with the end of its last exchange.
        let place = idle.iter().rposition(|idle| idle.sender.is_ready());
        let taken = place.map(|place| idle.remove(place).sender);
        if idle.is_empty() {
            pool.remove(upstream);
        }
        taken
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(super) fn put(&self, upstream: Upstream, sender: SendRequest<RequestBody>) {
        if sender.is_closed() {
            return;
        }
        let mut pool = self.lock();
        // Also those of servers that nobody asks any more.
        pool.retain(|_, idle| {
            purge(idle);
            !idle.is_empty()
        });
        let idle = pool.entry(upstream).or_default();
        if idle.len() < MOST_IDLE {
            let since = Instant::now();
            idle.push(Idle { sender, since });
        }
    }

    /// Closes the idle connections to a server.
    pub(super) fn forget(&self, upstream: &Upstream) {
        self.lock().remove(upstream);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Upstream, Vec<Idle>>> {
        self.0
            .lock()
            .expect("nothing panics while it holds the pool")
    }
}

fn purge(idle: &mut Vec<Idle>) {
    idle.retain(|idle| !idle.sender.is_closed() && idle.since.elapsed() < LONGEST_IDLE);
}
