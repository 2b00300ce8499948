//! What was seen of requests and answers, counted as a profile counts.

use thiserror::Error;

use crate::cell::Cell;
use crate::drift::{self, Drift, Thresholds};
use crate::profile::{FeatureProfile, Profile};
use crate::table::{Column, Table};

/// How many numbers of a feature are kept: more would tell the distribution no better.
const MOST_KEPT: usize = 4096;

/// Requests in the making. It takes the same room whatever their number.
#[derive(Debug, Clone)]
pub struct Observed<'a> {
    profile: &'a Profile,
    rows: u64,
    features: Vec<ObservedColumn>,
    prediction: Option<ObservedColumn>,
    fractions: u64,
}

/// A request that has other features than the profile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{sent} features came, and the profile has {known} of other names")]
pub struct Mismatch {
    /// How many it has.
    pub sent: usize,
    /// How many the profile has.
    pub known: usize,
}

/// The values of a column.
#[derive(Debug, Clone)]
pub(crate) struct ObservedColumn {
    /// How many are in each bin.
    pub(crate) counts: Vec<u64>,
    /// Some of the numbers.
    pub(crate) sample: Thinned,
}

/// Every so manieth of numbers, so that there are not too many.
#[derive(Debug, Clone)]
pub(crate) struct Thinned {
    kept: Vec<f32>,
    passed: usize,
    every: usize,
}

impl<'a> Observed<'a> {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(profile: &'a Profile) -> Self {
        Self {
            profile,
            rows: 0,
            features: profile.features.iter().map(ObservedColumn::new).collect(),
            prediction: profile.target.as_ref().map(ObservedColumn::new),
            fractions: 0,
        }
    }

    /// Adds what a request sent. Columns are found by the names that they came with; where none of them is known, by their
    /// order.
    ///
    /// # Errors
    /// When no name is known, and the number is another.
    pub fn add(&mut self, table: &Table) -> Result<(), Mismatch> {
        let known = &self.profile.features;
        let sent = table.columns();
        let places: Vec<Option<usize>> = known
            .iter()
            .map(|feature| {
                let is_it = |column: &Column| column.name.as_ref() == Some(&feature.name);
                sent.iter().position(is_it)
            })
            .collect();
        let is_named = places.iter().any(Option::is_some);
        if !is_named && sent.len() != known.len() {
            return Err(Mismatch {
                sent: sent.len(),
                known: known.len(),
            });
        }
        let rows = table.rows();
        self.rows += rows as u64;
        let features = known.iter().zip(&mut self.features).zip(places);
        for (at, ((feature, seen), place)) in features.enumerate() {
            let place = if is_named { place } else { Some(at) };
            match place {
                Some(place) => {
                    let Column { cells, .. } = &sent[place];
                    cells.iter().for_each(|cell| seen.add(feature, cell));
                }
                // What is not sent at all is missing in each row.
                None => (0..rows).for_each(|_| seen.add(feature, &Cell::Missing)),
            }
        }
        Ok(())
    }

    /// Adds what was predicted. Nothing where the profile has no target.
    pub fn add_predictions(&mut self, predictions: &[Cell]) {
        if let (Some(target), Some(seen)) = (&self.profile.target, &mut self.prediction) {
            for cell in predictions {
                seen.add(target, cell);
                self.fractions += u64::from(target.is_fraction_of_none(cell));
            }
        }
    }

    /// How far all of it is from the profile.
    #[must_use]
    pub fn drift(&self, thresholds: &Thresholds) -> Drift {
        let features = self.profile.features.iter().zip(&self.features);
        let target = self.profile.target.as_ref();
        Drift {
            rows: self.rows,
            features: features
                .map(|(profile, seen)| drift::of(profile, seen, thresholds))
                .collect(),
            fractions: self.fractions,
            prediction: target
                .zip(self.prediction.as_ref())
                .filter(|_| self.fractions == 0)
                .map(|(target, seen)| drift::of(target, seen, thresholds)),
        }
    }
}

impl ObservedColumn {
    pub(crate) fn new(profile: &FeatureProfile) -> Self {
        Self {
            counts: vec![0; profile.bins().len()],
            sample: Thinned {
                kept: Vec::new(),
                passed: 0,
                every: 1,
            },
        }
    }

    pub(crate) fn add(&mut self, profile: &FeatureProfile, cell: &Cell) {
        self.counts[profile.bin(cell)] += 1;
        if let Cell::Number(number) = cell {
            self.sample.add(*number);
        }
    }
}

impl Thinned {
    fn add(&mut self, number: f32) {
        if self.passed.is_multiple_of(self.every) {
            self.kept.push(number);
        }
        self.passed += 1;
        if self.kept.len() == MOST_KEPT {
            let mut at = 0;
            self.kept.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.every *= 2;
        }
    }

    pub(crate) fn sorted(&self) -> Vec<f32> {
        let mut sorted = self.kept.clone();
        sorted.sort_by(f32::total_cmp);
        sorted
    }
}
