//! The distribution of categories.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::drift::Range;

/// Categories as they were in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Categorical {
    /// The most frequent first, with how often each was there.
    pub categories: Vec<(String, u64)>,
    /// How many rows have another than these.
    pub others: u64,
}

impl Categorical {
    pub(super) fn of(cells: &[Cell], most: usize) -> Self {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for category in cells.iter().filter_map(Cell::category) {
            *counts.entry(category).or_default() += 1;
        }
        let mut categories: Vec<(String, u64)> = counts.into_iter().collect();
        categories
            .sort_by(|one, other| (Reverse(one.1), &one.0).cmp(&(Reverse(other.1), &other.0)));
        let rest = categories.split_off(most.min(categories.len()));
        Self {
            categories,
            others: rest.iter().map(|(_, count)| count).sum(),
        }
    }

    /// Whether every category is told apart.
    pub(super) fn has_all(&self) -> bool {
        self.others == 0
    }

    /// The categories in their natural order: numbers by their size.
    pub(super) fn sorted(&self) -> Vec<String> {
        let names = self.categories.iter().map(|(name, _)| name.clone());
        let mut names: Vec<String> = names.collect();
        let numbers: Option<Vec<f64>> = names.iter().map(|name| name.parse().ok()).collect();
        match numbers {
            Some(numbers) => {
                let mut numbered: Vec<(f64, String)> = numbers.into_iter().zip(names).collect();
                numbered.sort_by(|one, other| one.0.total_cmp(&other.0));
                numbered.into_iter().map(|(_, name)| name).collect()
            }
            None => {
                names.sort();
                names
            }
        }
    }

    pub(super) fn bins(&self) -> Vec<(Range, u64)> {
        let own = self.categories.iter();
        let own = own.map(|(name, count)| (Range::Category(name.clone()), *count));
        let mut bins: Vec<(Range, u64)> = own.collect();
        bins.push((Range::Other, self.others));
        bins
    }

    pub(super) fn bin_count(&self) -> usize {
        self.categories.len() + 1
    }

    pub(super) fn bin(&self, category: &str) -> usize {
        self.place(category).unwrap_or(self.categories.len())
    }

    /// Whether it is one of those that are told apart.
    pub(super) fn has(&self, category: &str) -> bool {
        self.place(category).is_some()
    }

    fn place(&self, category: &str) -> Option<usize> {
        let mut names = self.categories.iter();
        names.position(|(name, _)| name == category)
    }
}
