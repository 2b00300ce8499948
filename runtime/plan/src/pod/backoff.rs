//! How long is waited before something is tried again that failed: 10 s at first, doubled each time up to 5 minutes.

use std::time::Duration;

use coracle_model::Timestamp;

/// The first wait.
const FIRST: Duration = Duration::from_secs(10);

/// The longest.
const LONGEST: Duration = Duration::from_secs(300);

/// After this long without a failure the first wait is the first again: twice the longest.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// The waits of one thing that fails now and then.
#[derive(Debug, Clone, Default)]
pub(super) struct Backoff {
    last: Option<(Duration, Timestamp)>,
}

impl Backoff {
    /// The wait before the next try, and when it is over, for a failure at `failed_at`; none when it is tried at once.
    pub(super) fn wait(&self, failed_at: Timestamp) -> Option<(Duration, Timestamp)> {
        let (delay, tried_at) = self.last?;
        let calm = elapsed(tried_at, failed_at);
        (calm <= FORGOTTEN).then(|| (delay, after(failed_at, delay)))
    }

    /// Notes that it is tried again, or failed, at `now`: the next wait is longer.
    pub(super) fn lengthen(&mut self, failed_at: Timestamp, now: Timestamp) {
        let delay = match self.last {
            Some((delay, tried_at)) if elapsed(tried_at, failed_at) <= FORGOTTEN => {
                LONGEST.min(delay * 2)
            }
            Some(_) | None => FIRST,
        };
        self.last = Some((delay, now));
    }

    /// The waits of something that failed `times` times before, the last time at `failed_at`.
    pub(super) fn after_failures(times: u32, failed_at: Timestamp) -> Self {
        let mut backoff = Self::default();
        for _ in 0..times.min(8) {
            backoff.lengthen(failed_at, failed_at);
        }
        backoff
    }
}

/// The time that passed; none when the clock was set back.
pub(super) fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// A time later than another; the end of time when there is none.
pub(super) fn after(from: Timestamp, wait: Duration) -> Timestamp {
    from.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// A duration to the millisecond as Go writes it: `1m20s`, `1.5s`, `20ms`.
pub(super) fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let millis = duration.subsec_millis();
    if seconds == 0 && millis > 0 {
        return format!("{millis}ms");
    }
    let fraction = format!("{millis:03}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let part = format!("{}{point}{fraction}s", seconds % 60);
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => part,
        (0, minutes) => format!("{minutes}m{part}"),
        (hours, minutes) => format!("{hours}h{minutes}m{part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn waits_double_from_ten_seconds_to_five_minutes_and_begin_anew_after_ten_calm_minutes() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        let mut now = at(0);
        for _ in 0..8 {
            let wait = backoff.wait(now);
            waits.push(wait.map_or(0, |(delay, _)| delay.as_secs()));
            let failed_at = now;
            now = wait.map_or(now, |(_, over)| over);
            backoff.lengthen(failed_at, now);
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
        assert!(backoff.wait(after(now, Duration::from_secs(600))).is_some());
        assert!(backoff.wait(after(now, Duration::from_secs(601))).is_none());
    }

    #[test]
    fn durations_read_as_go_writes_them() {
        let words = [10_000, 80_000, 300_000, 3_661_000, 1_250, 20, 0];
        let words = words.map(|millis| in_words(Duration::from_millis(millis)));
        assert_eq!(
            words,
            ["10s", "1m20s", "5m0s", "1h1m1s", "1.25s", "20ms", "0s"]
        );
    }
}
