//! How far what was seen is from a profile, and whether that says anything.

use crate::chance;
use crate::ks;
use crate::observed::ObservedColumn;
use crate::profile::{Distribution, FeatureProfile};
use crate::psi;

/// From where on a difference may be chance. It is small, as every feature is looked at again and again.
const LIKELY: f64 = 0.001;

/// From where on a difference is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// The stability index from which on a feature has drifted; from half of it on it has begun to.
    pub psi: f64,
    /// How many rows there have to be before anything is said.
    pub least_rows: u64,
}

/// What is said of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// There are too few rows for any word.
    TooFewRows,
    /// It is as it was, or as far from it as chance has it.
    Stable,
    /// It has begun to differ.
    Moderate,
    /// It differs.
    Significant,
}

/// How far a window of requests is from the training data.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// How many rows were sent.
    pub rows: u64,
    /// Each feature, in the profile's order.
    pub features: Vec<FeatureDrift>,
    /// What was predicted against what was to be; none where the profile has no target, or there are `fractions`.
    pub prediction: Option<FeatureDrift>,
    /// How many predictions are numbers with a fraction where classes, or whole numbers alone, were to be predicted. These are
    /// probabilities or what a regression makes of whole numbers, and never distributed as what they are of.
    pub fractions: u64,
}

/// How far a feature is from what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureDrift {
    /// Its name.
    pub name: String,
    /// How many values were seen, with those that are missing.
    pub rows: u64,
    /// The population stability index.
    pub psi: f64,
    /// How likely histograms that differ so much are where there is no difference: the index of few values is large by chance.
    pub chance: f64,
    /// The test of Kolmogorov and Smirnov; for numbers alone.
    pub ks: Option<Ks>,
    /// What that means.
    pub verdict: Verdict,
    /// Both histograms.
    pub bins: Vec<Bin>,
}

/// The test of Kolmogorov and Smirnov.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ks {
    /// The largest distance of the two distributions, from 0 to 1.
    pub statistic: f64,
    /// How likely that is where there is no difference.
    pub p_value: f64,
}

/// What a bin stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// Numbers below all that were there in training.
    Below {
        /// The least that was there.
        to: f32,
    },
    /// Numbers from the first to before the second; in the last bin, to the second.
    Between {
        /// The first.
        from: f32,
        /// The second.
        to: f32,
    },
    /// Numbers above all that were there in training.
    Above {
        /// The largest that was there.
        from: f32,
    },
    /// A category or a class.
    Category(String),
    /// Any other category.
    Other,
    /// No value.
    Missing,
}

/// A bin of both histograms.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// What it stands for.
    pub range: Range,
    /// How many rows of the training data are in it.
    pub expected: u64,
    /// How many rows that were seen are in it.
    pub observed: u64,
}

impl Drift {
    /// The features, and then the predictions.
    pub fn all(&self) -> impl Iterator<Item = &FeatureDrift> {
        self.features.iter().chain(&self.prediction)
    }
}

/// How far a column is from its profile.
pub(crate) fn of(
    profile: &FeatureProfile,
    seen: &ObservedColumn,
    thresholds: &Thresholds,
) -> FeatureDrift {
    let (ranges, expected): (Vec<Range>, Vec<u64>) = profile.bins().into_iter().unzip();
    let index = psi::index(&expected, &seen.counts);
    let chance = chance(&ranges, &expected, &seen.counts);
    let rows = seen.counts.iter().sum();
    let verdict = if rows < thresholds.least_rows.max(1) {
        Verdict::TooFewRows
    } else if chance > LIKELY {
        Verdict::Stable
    } else if index >= thresholds.psi {
        Verdict::Significant
    } else if index >= thresholds.psi / 2.0 {
        Verdict::Moderate
    } else {
        Verdict::Stable
    };
    let counts = expected.into_iter().zip(&seen.counts);
    let bins = ranges.into_iter().zip(counts);
    FeatureDrift {
        name: profile.name.clone(),
        rows,
        psi: index,
        chance,
        ks: test(profile, seen),
        verdict,
        bins: bins
            .map(|(range, (expected, observed))| Bin {
                range,
                expected,
                observed: *observed,
            })
            .collect(),
    }
}

fn chance(ranges: &[Range], expected: &[u64], observed: &[u64]) -> f64 {
    let counts = expected.iter().copied().zip(observed.iter().copied());
    let (mut ordered, mut loose) = (Vec::new(), Vec::new());
    for (range, counts) in ranges.iter().zip(counts) {
        match range {
            Range::Below { .. } | Range::Between { .. } | Range::Above { .. } => {
                ordered.push(counts);
            }
            Range::Category(_) | Range::Other | Range::Missing => loose.push(counts),
        }
    }
    chance::of(&ordered, &loose)
}

fn test(profile: &FeatureProfile, seen: &ObservedColumn) -> Option<Ks> {
    let Distribution::Numeric(numeric) = &profile.distribution else {
        return None;
    };
    let seen = seen.sample.sorted();
    let statistic = ks::statistic(&numeric.sample, &seen)?;
    Some(Ks {
        statistic,
        p_value: ks::p_value(statistic, numeric.sample.len(), seen.len()),
    })
}

#[cfg(test)]
mod tests;
