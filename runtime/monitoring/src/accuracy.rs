//! Predictions beside what was right.

use std::collections::BTreeMap;

use crate::cell::Cell;
use crate::profile::{Distribution, Profile};

/// What a model is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// One of some classes.
    Classification,
    /// A number.
    Regression,
}

/// How right predictions are.
#[derive(Debug, Clone, PartialEq)]
pub enum Accuracy {
    /// Classes.
    Classification {
        /// How many predictions have a label.
        labelled: u64,
        /// The share of those that are right.
        accuracy: f64,
        /// Each class that was predicted or right, by its name.
        classes: Vec<ClassAccuracy>,
    },
    /// Numbers.
    Regression {
        /// How many predictions have a label.
        labelled: u64,
        /// The mean of the differences.
        mean_absolute_error: f64,
        /// The root of the mean of their squares.
        root_mean_squared_error: f64,
    },
}

/// How right the predictions of a class are.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassAccuracy {
    /// Its name.
    pub class: String,
    /// How often it was right.
    pub labelled: u64,
    /// How often it was predicted.
    pub predicted: u64,
    /// The share of its predictions that are right; none where it was not predicted.
    pub precision: Option<f64>,
    /// The share of its labels that were predicted; none where it was never right.
    pub recall: Option<f64>,
}

impl Task {
    /// What a model is asked for, by the kind of what was to be predicted in training, or else by that of the labels. Numbers with
    /// a fraction are no classes.
    #[must_use]
    pub fn of(profile: Option<&Profile>, pairs: &[(Cell, Cell)]) -> Self {
        let is_text = |cell: &Cell| matches!(cell, Cell::Text(_));
        if pairs.iter().any(|(_, label)| is_text(label)) {
            return Self::Classification;
        }
        let target = profile.and_then(|profile| profile.target.as_ref());
        match target.map(|target| &target.distribution) {
            Some(Distribution::Numeric(_)) => Self::Regression,
            Some(Distribution::Categorical(_)) | None => {
                let is_class =
                    |cell: &Cell| is_text(cell) || cell.is_whole() || *cell == Cell::Missing;
                let are_classes = |pair: &(Cell, Cell)| is_class(&pair.0) && is_class(&pair.1);
                if pairs.iter().all(are_classes) {
                    Self::Classification
                } else {
                    Self::Regression
                }
            }
        }
    }
}

impl Accuracy {
    /// How right predictions are, each beside its label. Pairs of which one is missing, or no number where numbers are
    /// compared, are left out. None where none is left.
    #[must_use]
    pub fn of(task: Task, pairs: &[(Cell, Cell)]) -> Option<Self> {
        match task {
            Task::Classification => of_classes(pairs),
            Task::Regression => of_numbers(pairs),
        }
    }
}

#[derive(Default)]
struct Counts {
    labelled: u64,
    predicted: u64,
    right: u64,
}

fn of_classes(pairs: &[(Cell, Cell)]) -> Option<Accuracy> {
    let named = pairs
        .iter()
        .filter_map(|(prediction, label)| prediction.category().zip(label.category()));
    let mut classes: BTreeMap<String, Counts> = BTreeMap::new();
    let (mut labelled, mut right) = (0, 0);
    for (prediction, label) in named {
        labelled += 1;
        if prediction == label {
            right += 1;
            classes.entry(label.clone()).or_default().right += 1;
        }
        classes.entry(label).or_default().labelled += 1;
        classes.entry(prediction).or_default().predicted += 1;
    }
    let classes = classes.into_iter().map(|(class, counts)| ClassAccuracy {
        class,
        labelled: counts.labelled,
        predicted: counts.predicted,
        precision: share(counts.right, counts.predicted),
        recall: share(counts.right, counts.labelled),
    });
    Some(Accuracy::Classification {
        labelled,
        accuracy: share(right, labelled)?,
        classes: classes.collect(),
    })
}

fn of_numbers(pairs: &[(Cell, Cell)]) -> Option<Accuracy> {
    let differences = pairs.iter().filter_map(|pair| match pair {
        (Cell::Number(prediction), Cell::Number(label)) => {
            Some(f64::from(*prediction) - f64::from(*label))
        }
        _ => None,
    });
    let differences: Vec<f64> = differences.collect();
    if differences.is_empty() {
        return None;
    }
    let count = differences.len() as f64;
    let absolute: f64 = differences.iter().map(|difference| difference.abs()).sum();
    let squared: f64 = differences
        .iter()
        .map(|difference| difference.powi(2))
        .sum();
    Some(Accuracy::Regression {
        labelled: differences.len() as u64,
        mean_absolute_error: absolute / count,
        root_mean_squared_error: (squared / count).sqrt(),
    })
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests;
