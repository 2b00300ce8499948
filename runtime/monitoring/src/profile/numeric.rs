//! The distribution of numbers.

use serde::{Deserialize, Serialize};

use crate::drift::Range;

/// How many bins numbers are put into.
const BINS: usize = 10;

/// Numbers as they were in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numeric {
    /// The least.
    pub min: f32,
    /// The largest.
    pub max: f32,
    /// Their mean.
    pub mean: f32,
    /// Their standard deviation, as of a sample; 0 of a single one.
    pub std: f32,
    /// Where each bin begins; it ends before the next one, and the last at the largest number.
    pub starts: Vec<f32>,
    /// How many numbers are in each bin.
    pub counts: Vec<u64>,
    /// Some of them in order, at even distances; all where there are few.
    pub sample: Vec<f32>,
}

impl Numeric {
    /// The distribution of at least one number.
    pub(super) fn of(numbers: &[f32], kept: usize) -> Self {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f32::total_cmp);
        let count = sorted.len() as f64;
        let mean = sorted.iter().map(|number| f64::from(*number)).sum::<f64>() / count;
        let squares = sorted
            .iter()
            .map(|number| (f64::from(*number) - mean).powi(2));
        let squares: f64 = squares.sum();
        let (starts, counts) = cut(&sorted);
        Self {
            min: sorted.first().copied().unwrap_or_default(),
            max: sorted.last().copied().unwrap_or_default(),
            mean: mean as f32,
            std: (squares / (count - 1.0).max(1.0)).sqrt() as f32,
            starts,
            counts,
            sample: thin(&sorted, kept),
        }
    }

    pub(super) fn bins(&self) -> Vec<(Range, u64)> {
        let ends = self.starts.iter().skip(1).chain([&self.max]);
        let inner = self.starts.iter().zip(ends).zip(&self.counts);
        let inner = inner.map(|((from, to), count)| {
            let range = Range::Between {
                from: *from,
                to: *to,
            };
            (range, *count)
        });
        let mut bins = vec![(Range::Below { to: self.min }, 0)];
        bins.extend(inner);
        bins.push((Range::Above { from: self.max }, 0));
        bins
    }

    pub(super) fn bin_count(&self) -> usize {
        self.starts.len() + 2
    }

    pub(super) fn bin(&self, number: f32) -> usize {
        if number > self.max {
            return self.starts.len() + 1;
        }
        self.starts.partition_point(|start| *start <= number)
    }
}

/// Bins of about the same count. What is equal is in one bin, and a value that takes more than a bin's share does not
/// take those above it along: numbers of which there are few different ones have a bin each.
fn cut(sorted: &[f32]) -> (Vec<f32>, Vec<u64>) {
    let share = sorted.len() as f64 / BINS as f64;
    let mut starts = Vec::new();
    let mut counts: Vec<u64> = Vec::new();
    let mut before = 0.0;
    let mut next = 0.0;
    for equal in sorted.chunk_by(|one, other| one == other) {
        if before >= next {
            starts.push(equal[0]);
            counts.push(0);
            next = ((before / share).floor() + 1.0) * share;
        }
        if let Some(count) = counts.last_mut() {
            *count += equal.len() as u64;
        }
        before += equal.len() as f64;
    }
    (starts, counts)
}

/// So many of sorted numbers, each from the middle of its part.
fn thin(sorted: &[f32], kept: usize) -> Vec<f32> {
    if sorted.len() <= kept {
        return sorted.to_vec();
    }
    let middle = |at: usize| sorted[(2 * at + 1) * sorted.len() / (2 * kept)];
    (0..kept).map(middle).collect()
}
