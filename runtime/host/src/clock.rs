//! Time, passed in as a value: one clock that says what the time is and one that says how long things take.
//!
//! The wall clock ([`Clock::now`]) is for stamps that people read. It jumps when it is set, so nothing is ever
//! timed by it. Whatever waits or has a deadline is timed by the steady clock ([`Clock::steady`]), which is
//! `CLOCK_MONOTONIC` on Linux: it neither jumps nor counts the time in which the machine sleeps. A laptop
//! that sleeps an hour in mid-run therefore wakes up to a step whose timeout has as much left as before, which
//! is right, since the step did not run either. (`CLOCK_BOOTTIME`, which counts sleep, would end the step at
//! wake-up.)
//!
//! A steady reading means nothing in another process. A deadline that must outlive the workbench is kept as the
//! stamp at which it began and how long is allowed, and [`resume`] makes a moment of it again.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

/// A reading of the steady clock; comparable only with others of the same clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The moment so much later; far beyond any process when it would not fit.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(delay))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where the time comes from.
#[async_trait]
pub trait Clock: std::fmt::Debug + Send + Sync {
    /// What the wall clock says: for stamps, never for waiting.
    fn now(&self) -> Timestamp;

    /// What the steady clock says: for waiting and for durations. It never goes back, and stands still while
    /// the machine sleeps.
    fn steady(&self) -> Moment;

    /// Returns when the steady clock has reached `moment`. Cancel-safe.
    async fn sleep_until(&self, moment: Moment);
}

/// When something that began at a stamp and is allowed so long is over, as a moment of this process.
///
/// The wall clock may have been set while nobody looked. The answer stays within bounds: never later than the
/// whole allowance from now.
pub fn resume(clock: &dyn Clock, began_at: Timestamp, allowed: Duration) -> Moment {
    let passed = Duration::try_from(clock.now().duration_since(began_at)).unwrap_or_default();
    clock.steady().after(allowed.saturating_sub(passed))
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// The machine's clocks, the steady one counted from now.
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else is given"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn steady(&self) -> Moment {
        Moment(self.origin.elapsed())
    }

    async fn sleep_until(&self, moment: Moment) {
        // Tokio measures by the same steady clock.
        match self.origin.checked_add(moment.0) {
            Some(instant) => tokio::time::sleep_until(instant.into()).await,
            None => std::future::pending().await,
        }
    }
}

/// A clock that a test moves by hand.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Timestamp>,
    steady: watch::Sender<Duration>,
}

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now: Mutex::new(now),
            steady: watch::Sender::new(Duration::ZERO),
        }
    }

    /// Lets time pass: both clocks move, and whoever waits for a moment up to then wakes.
    pub fn advance(&self, by: Duration) {
        self.set_now(self.now().saturating_add(by).unwrap_or(Timestamp::MAX));
        self.steady.send_modify(|steady| *steady += by);
    }

    /// Sets the wall clock and leaves the steady one: what a user does, and what a sleep of the machine does.
    pub fn set_now(&self, now: Timestamp) {
        *self
            .now
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self
            .now
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn steady(&self) -> Moment {
        Moment(*self.steady.borrow())
    }

    async fn sleep_until(&self, moment: Moment) {
        let reached = self
            .steady
            .subscribe()
            .wait_for(|steady| *steady >= moment.0)
            .await
            .is_ok();
        // The sender lives in `self`, so the channel cannot have closed.
        debug_assert!(reached, "the clock outlives those who wait on it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn clock() -> ManualClock {
        ManualClock::new(Timestamp::from_second(1_700_000_000).unwrap())
    }

    #[tokio::test]
    async fn a_jump_of_the_wall_clock_wakes_nobody_and_delays_nobody() {
        let clock = clock();
        let deadline = clock.steady().after(Duration::from_secs(60));
        let mut sleeping = std::pin::pin!(clock.sleep_until(deadline));
        for jump in [HOUR.as_secs().cast_signed(), -3600] {
            clock.set_now(Timestamp::from_second(1_700_000_000 + jump).unwrap());
            assert!(futures_util::poll!(&mut sleeping).is_pending());
        }
        clock.advance(Duration::from_secs(59));
        assert!(futures_util::poll!(&mut sleeping).is_pending());
        clock.advance(Duration::from_secs(1));
        assert!(futures_util::poll!(&mut sleeping).is_ready());
    }

    #[test]
    fn a_deadline_goes_on_in_the_next_process() {
        let clock = clock();
        let began = clock.now();
        let left = |allowed| resume(&clock, began, allowed).since(clock.steady());
        clock.advance(Duration::from_secs(20));
        assert_eq!(left(Duration::from_secs(60)), Duration::from_secs(40));
        assert_eq!(left(Duration::from_secs(10)), Duration::ZERO);
        // Set back before the stamp: the whole allowance, and not an hour more.
        clock.set_now(Timestamp::from_second(1_700_000_000 - 3600).unwrap());
        assert_eq!(left(Duration::from_secs(60)), Duration::from_secs(60));
    }

    #[tokio::test]
    async fn the_system_clock_waits_as_long_as_it_is_told() {
        let clock = SystemClock::new();
        let before = clock.steady();
        clock
            .sleep_until(before.after(Duration::from_millis(20)))
            .await;
        assert!(clock.steady().since(before) >= Duration::from_millis(20));
    }
}
