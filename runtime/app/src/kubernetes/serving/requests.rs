//! How many requests are at work at model servers, and were lately: what they are scaled by.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coracle_host::clock::{Clock, Moment};

/// How finely is noted when there were how many.
const GRAIN: Duration = Duration::from_secs(1);

/// For how long that is kept.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// The namespace and name of a model server.
pub(super) type ServerKey = (String, String);

/// The requests at all model servers.
#[derive(Debug, Clone)]
pub(crate) struct ModelRequests {
    clock: Arc<dyn Clock>,
    counts: Arc<Mutex<HashMap<ServerKey, Count>>>,
    /// Since when is counted: nothing was asked before that is known of.
    since: Moment,
}

/// The requests at one.
#[derive(Debug, Default)]
struct Count {
    at_work: u64,
    /// The most at once in a grain of time, from its beginning on.
    peaks: VecDeque<(Moment, u64)>,
}

/// A request at work. It is done when this is dropped.
#[derive(Debug)]
pub struct RequestAtWork {
    requests: ModelRequests,
    key: ServerKey,
}

impl ModelRequests {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            since: clock.steady(),
            counts: Arc::default(),
            clock,
        }
    }

    /// Counts a request in.
    pub(super) fn begin(&self, namespace: &str, name: &str) -> RequestAtWork {
        let key = (namespace.to_owned(), name.to_owned());
        self.change(&key, |at_work| at_work + 1);
        RequestAtWork {
            requests: self.clone(),
            key,
        }
    }

    /// How many are at work at a server.
    pub(crate) fn at_work(&self, namespace: &str, name: &str) -> u64 {
        let key = (namespace.to_owned(), name.to_owned());
        self.counts().get(&key).map_or(0, |count| count.at_work)
    }

    /// The most requests that were at work at once in the last while; none as long as less than that is known of.
    pub(super) fn most_within(&self, key: &ServerKey, window: Duration) -> Option<u64> {
        let now = self.clock.steady();
        let counts = self.counts();
        let count = counts.get(key);
        let at_work = count.map_or(0, |count| count.at_work);
        let peaks = count.into_iter().flat_map(|count| &count.peaks);
        // A grain's peak may have been at its end.
        let lately = peaks.filter(|(from, _)| now.since(*from) < window + GRAIN);
        let most = lately.map(|(_, peak)| *peak).fold(at_work, u64::max);
        (most > 0 || now.since(self.since) >= window).then_some(most)
    }

    /// Forgets servers that are gone.
    pub(super) fn retain(&self, is_there: impl Fn(&ServerKey) -> bool) {
        self.counts()
            .retain(|key, count| count.at_work > 0 || is_there(key));
    }

    fn change(&self, key: &ServerKey, change: impl Fn(u64) -> u64) {
        let now = self.clock.steady();
        let mut counts = self.counts();
        let count = match counts.get_mut(key) {
            Some(count) => count,
            None => counts.entry(key.clone()).or_default(),
        };
        let before = count.at_work;
        count.at_work = change(before);
        let most = before.max(count.at_work);
        match count.peaks.back_mut() {
            Some((from, peak)) if now.since(*from) < GRAIN => *peak = most.max(*peak),
            _ => count.peaks.push_back((now, most)),
        }
        while count
            .peaks
            .front()
            .is_some_and(|(from, _)| now.since(*from) > KEPT)
        {
            count.peaks.pop_front();
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<ServerKey, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RequestAtWork {
    fn drop(&mut self) {
        self.requests
            .change(&self.key, |at_work| at_work.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use coracle_host::clock::ManualClock;
    use coracle_model::Timestamp;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn key() -> ServerKey {
        ("team".to_owned(), "iris".to_owned())
    }

    #[test]
    fn the_most_of_the_last_while_counts() {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let requests = ModelRequests::new(clock.clone());
        let first = requests.begin("team", "iris");
        let second = requests.begin("team", "iris");
        assert_eq!(requests.most_within(&key(), MINUTE), Some(2));
        drop(first);
        clock.advance(Duration::from_secs(30));
        drop(second);
        clock.advance(Duration::from_secs(40));
        assert_eq!(requests.most_within(&key(), MINUTE), Some(1));
        clock.advance(Duration::from_secs(30));
        assert_eq!(requests.most_within(&key(), MINUTE), Some(0));
    }

    #[test]
    fn one_that_takes_long_counts_to_its_end() {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let requests = ModelRequests::new(clock.clone());
        let long = requests.begin("team", "iris");
        clock.advance(10 * MINUTE);
        assert_eq!(requests.most_within(&key(), MINUTE), Some(1));
        drop(long);
        assert_eq!(requests.most_within(&key(), MINUTE), Some(1));
    }

    #[test]
    fn nothing_is_told_of_a_while_that_is_not_known() {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let requests = ModelRequests::new(clock.clone());
        assert_eq!(requests.most_within(&key(), MINUTE), None);
        clock.advance(MINUTE);
        assert_eq!(requests.most_within(&key(), MINUTE), Some(0));
    }
}
