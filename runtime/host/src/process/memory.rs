//! Looking at how much memory a tree of processes holds, often enough to end one that holds too much and seldom
//! enough not to show.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::tree;

/// The first look comes soon, for short steps; the next ones further and further apart.
const FIRST: Duration = Duration::from_millis(10);
const SLOWEST: Duration = Duration::from_millis(250);
/// With a limit to keep, a step cannot take much between two looks.
const SLOWEST_LIMITED: Duration = Duration::from_millis(50);
/// Looking takes at most about this part of the time.
const SHARE: u32 = 30;

/// What was seen of a tree's memory so far.
#[derive(Debug)]
pub(super) struct MemoryWatch {
    limit: Option<u64>,
    peak: u64,
    every: Duration,
    next: Instant,
}

impl MemoryWatch {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self {
            limit,
            peak: 0,
            every: FIRST,
            next: Instant::now() + FIRST,
        }
    }

    /// The most that was seen at once, in bytes; none before the first look.
    pub(super) fn peak(&self) -> Option<u64> {
        (self.peak > 0).then_some(self.peak)
    }

    pub(super) fn wake_at(&self) -> Instant {
        self.next
    }

    pub(super) fn is_due(&self) -> bool {
        self.next <= Instant::now()
    }

    /// Looks, and says whether the tree holds more than its limit.
    pub(super) fn is_over(&mut self, tree: &BTreeSet<i32>) -> bool {
        let before = Instant::now();
        let held = self.held(tree);
        self.peak = self.peak.max(held);
        let slowest = if self.limit.is_some() {
            SLOWEST_LIMITED
        } else {
            SLOWEST
        };
        self.every = (self.every * 2).min(slowest).max(before.elapsed() * SHARE);
        self.next = Instant::now() + self.every;
        self.limit.is_some_and(|limit| held > limit)
    }

    /// What the tree holds, as exactly as it matters. Forked workers share their parent's pages, so the plain sum
    /// is too much; the right one is slow, and asked for only when the plain one would be a new peak.
    fn held(&self, tree: &BTreeSet<i32>) -> u64 {
        let sum = tree::resident(tree);
        if tree.len() < 2 || sum <= self.peak {
            return sum;
        }
        match tree::proportional(tree) {
            // Not readable, as for processes of another user.
            0 => sum,
            exact => exact,
        }
    }
}
