//! What model servers had to do lately, second by second.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coracle_model::Timestamp;
use futures_util::{Stream, stream};
use tokio::time::{MissedTickBehavior, interval};

use crate::view::{LoadSecond, ServerLoad};
use crate::workbench::Workbench;

/// How often it is told anew.
const RHYTHM: Duration = Duration::from_secs(1);

/// For how many seconds that is known.
const KEPT_SECONDS: i64 = 600;

/// Each class of times is so much longer than the one before.
const GROWTH: f64 = 1.2;

/// Up to how many milliseconds the first class goes.
const FIRST_MS: f64 = 0.05;

/// The last class has everything from some minutes on.
const CLASSES: usize = 88;

/// The answers of all model servers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loads(Arc<Mutex<HashMap<(String, String), Seconds>>>);

/// Those of one, by second and revision.
type Seconds = BTreeMap<(i64, String), Answers>;

/// What was answered.
#[derive(Debug)]
struct Answers {
    failed: u64,
    /// How many took how long, by class.
    times: Box<[u32; CLASSES]>,
}

impl Workbench {
    /// What a model server had to do in the last ten minutes, at once, and then what it has to do in each second. Nothing is said
    /// while there is nothing to tell; the stream has no end.
    pub fn server_load(
        &self,
        namespace: String,
        name: String,
    ) -> impl Stream<Item = ServerLoad> + Send + use<> {
        let mut ticks = interval(RHYTHM);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begin = (self.clone(), ticks, None::<(i64, ServerLoad)>);
        stream::unfold(begin, move |(workbench, mut ticks, mut told)| {
            let (namespace, name) = (namespace.clone(), name.clone());
            async move {
                loop {
                    ticks.tick().await;
                    let now = workbench.inner.clock.now().as_second();
                    // What was told of the second then was not all of it.
                    let first = told.as_ref().map_or(0, |(last, _)| *last);
                    let load = ServerLoad {
                        at_work: workbench.inner.model_requests.at_work(&namespace, &name),
                        seconds: workbench.inner.loads.since(&namespace, &name, first),
                    };
                    let is_known = told.as_ref().is_some_and(|(_, before)| *before == load);
                    told = Some((now, load.clone()));
                    if !is_known {
                        return Some((load, (workbench, ticks, told)));
                    }
                }
            }
        })
    }
}

impl Loads {
    /// Notes an answer.
    pub(crate) fn note(
        &self,
        (namespace, name, revision): (&str, &str, &str),
        now: Timestamp,
        has_failed: bool,
        took: Duration,
    ) {
        let mut loads = self.loads();
        let key = (namespace.to_owned(), name.to_owned());
        let seconds = loads.entry(key).or_default();
        let second = now.as_second();
        while let Some(oldest) = seconds.first_entry()
            && oldest.key().0 <= second - KEPT_SECONDS
        {
            oldest.remove();
        }
        let answers = seconds
            .entry((second, revision.to_owned()))
            .or_insert_with(|| Answers {
                failed: 0,
                times: Box::new([0; CLASSES]),
            });
        answers.failed += u64::from(has_failed);
        answers.times[class(took)] += 1;
    }

    /// What a server answered from a second on.
    pub(crate) fn since(&self, namespace: &str, name: &str, first: i64) -> Vec<LoadSecond> {
        let loads = self.loads();
        let seconds = loads.get(&(namespace.to_owned(), name.to_owned()));
        let found = seconds.into_iter().flatten();
        found
            .filter(|((second, _), _)| *second >= first)
            .filter_map(|((second, revision), answers)| {
                Some(LoadSecond {
                    at: Timestamp::from_second(*second).ok()?,
                    revision: revision.clone(),
                    requests: answers.times.iter().copied().map(u64::from).sum(),
                    failed: answers.failed,
                    p50_ms: answers.quantile(0.5),
                    p99_ms: answers.quantile(0.99),
                })
            })
            .collect()
    }

    /// Forgets servers that are gone.
    pub(crate) fn retain(&self, is_there: impl Fn(&(String, String)) -> bool) {
        self.loads().retain(|key, _| is_there(key));
    }

    fn loads(&self) -> MutexGuard<'_, HashMap<(String, String), Seconds>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    /// Up to how long such a part of them took, in milliseconds.
    fn quantile(&self, part: f64) -> f64 {
        let all: u32 = self.times.iter().sum();
        let wanted = (f64::from(all) * part).ceil().max(1.0);
        let mut seen = 0;
        for (class, count) in self.times.iter().enumerate() {
            seen += count;
            if f64::from(seen) >= wanted {
                return end_of(class);
            }
        }
        0.0
    }
}

fn class(took: Duration) -> usize {
    let ratio = took.as_secs_f64() * 1000.0 / FIRST_MS;
    if ratio <= 1.0 {
        return 0;
    }
    // A float that is too large for it becomes the largest there is.
    let class = (ratio.ln() / GROWTH.ln()).ceil() as usize;
    class.min(CLASSES - 1)
}

fn end_of(class: usize) -> f64 {
    let class = i32::try_from(class).unwrap_or(i32::MAX);
    FIRST_MS * GROWTH.powi(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn each_second_of_each_revision_is_told_with_how_long_its_answers_took() {
        let loads = Loads::default();
        for number in 1..=100 {
            let took = Duration::from_millis(number);
            loads.note(("team", "iris", "old"), at(10), number > 97, took);
        }
        loads.note(
            ("team", "iris", "new"),
            at(10),
            false,
            Duration::from_millis(5),
        );
        loads.note(("team", "iris", "old"), at(11), false, Duration::ZERO);
        loads.note(("team", "digits", "old"), at(10), false, Duration::ZERO);
        let told = loads.since("team", "iris", 10);
        let heads: Vec<_> = told
            .iter()
            .map(|told| (told.at, told.revision.as_str(), told.requests, told.failed))
            .collect();
        let expected = [
            (at(10), "new", 1, 0),
            (at(10), "old", 100, 3),
            (at(11), "old", 1, 0),
        ];
        assert_eq!(heads, expected);
        assert!(
            (50.0..=60.0).contains(&told[1].p50_ms),
            "{}",
            told[1].p50_ms
        );
        assert!(
            (99.0..=118.8).contains(&told[1].p99_ms),
            "{}",
            told[1].p99_ms
        );
        assert_eq!(loads.since("team", "iris", 11).len(), 1);
    }

    #[test]
    fn what_is_long_over_is_forgotten() {
        let loads = Loads::default();
        loads.note(("team", "iris", ""), at(1), false, Duration::ZERO);
        loads.note(
            ("team", "iris", ""),
            at(601),
            false,
            Duration::from_secs(10_000),
        );
        let told = loads.since("team", "iris", 0);
        assert_eq!(told.len(), 1);
        assert!(told[0].p99_ms > 300_000.0, "{}", told[0].p99_ms);
        loads.retain(|_| false);
        assert!(loads.since("team", "iris", 0).is_empty());
    }
}
