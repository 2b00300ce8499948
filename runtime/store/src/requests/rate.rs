//! How many exchanges a second are kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::exchange::Exchange;

/// How many exchanges of one model server are kept a second. Writing so many takes some hundredth of a processor.
const MOST_A_SECOND: u64 = 500;

/// How many there were in the present second, by namespace and name of the server.
#[derive(Debug, Default)]
pub(super) struct Rate(Mutex<HashMap<(String, String), Second>>);

#[derive(Debug, Default)]
struct Second {
    number: i64,
    count: u64,
}

impl Rate {
    /// Whether one more is kept, which has just ended.
    pub(super) fn admits(&self, exchange: &Exchange) -> bool {
        let ended = exchange.at.saturating_add(exchange.took);
        let now = ended.unwrap_or(exchange.at).as_second();
        let mut seconds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (exchange.namespace.clone(), exchange.server.clone());
        let second = seconds.entry(key).or_default();
        // Of those that end at once, one may come a little later than the others.
        if second.number < now {
            *second = Second {
                number: now,
                count: 0,
            };
        }
        second.count += 1;
        second.count <= MOST_A_SECOND
    }
}
