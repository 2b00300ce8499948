//! What is kept of training data.

mod categorical;
mod numeric;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cell::Cell;
use crate::drift::Range;
use crate::table::{Column, Table};

pub use categorical::Categorical;
pub use numeric::Numeric;

/// The form in which profiles are written; one with another is not read.
const VERSION: u32 = 1;

/// How many numbers are kept of all features together, so that fifty of them take less than 100 kB.
const MOST_KEPT: usize = 6000;

/// How many numbers are kept of one feature, whatever the others: fewer say nothing, and more say little.
const KEPT_OF_ONE: (usize, usize) = (64, 1000);

/// How many categories of a feature are told apart.
const MOST_CATEGORIES: usize = 32;

/// How many classes are told apart.
const MOST_CLASSES: usize = 128;

/// The distributions of training data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    version: u32,
    /// How many rows the data had.
    pub rows: u64,
    /// Its features, in the order of its columns.
    pub features: Vec<FeatureProfile>,
    /// What was to be predicted, if the data has it.
    pub target: Option<FeatureProfile>,
}

/// The distribution of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureProfile {
    /// The name of the column, or its number among the features where it has none.
    pub name: String,
    /// How many rows have a value.
    pub count: u64,
    /// How many have none.
    pub missing: u64,
    /// The values.
    pub distribution: Distribution,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Distribution {
    /// Numbers.
    Numeric(Numeric),
    /// Texts, truths or classes.
    Categorical(Categorical),
}

/// Why there is no profile.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// There is nothing to make it of.
    #[error("the data has no rows or no features")]
    Empty,
    /// There is no such column.
    #[error("the data has no column `{column}`; it has {}", .known.join(", "))]
    NoColumn {
        /// What was asked for.
        column: String,
        /// The columns that there are.
        known: Vec<String>,
    },
    /// What was kept is not of this form.
    #[error("the profile that was kept cannot be read")]
    Kept(#[source] serde_json::Error),
    /// What was kept is of another form.
    #[error("the profile that was kept is of the form {0}, which this version does not read")]
    Version(u32),
}

impl Profile {
    /// The profile of data without what was to be predicted.
    ///
    /// # Errors
    /// When there is no row.
    pub fn of(table: &Table) -> Result<Self, ProfileError> {
        if table.rows() == 0 {
            return Err(ProfileError::Empty);
        }
        let columns = table.columns();
        let (least, most) = KEPT_OF_ONE;
        let kept = (MOST_KEPT / columns.len()).clamp(least, most);
        let features = columns.iter().zip(table.labels()).map(|(column, label)| {
            let distribution = if is_numeric(column) {
                Distribution::Numeric(Numeric::of(&numbers(column), kept))
            } else {
                Distribution::Categorical(Categorical::of(&column.cells, MOST_CATEGORIES))
            };
            FeatureProfile::new(label, column, distribution)
        });
        Ok(Self {
            version: VERSION,
            rows: table.rows() as u64,
            features: features.collect(),
            target: None,
        })
    }

    /// The profile of data of which one column, by its name or else by its number from 0, is what was to be predicted.
    ///
    /// # Errors
    /// When there is no such column, or nothing beside it.
    pub fn with_target(mut table: Table, target: &str) -> Result<Self, ProfileError> {
        let Some((label, column)) = table.take(target) else {
            return Err(ProfileError::NoColumn {
                column: target.to_owned(),
                known: table.labels().collect(),
            });
        };
        let mut profile = Self::of(&table)?;
        let classes = Categorical::of(&column.cells, MOST_CLASSES);
        let has_classes = !is_numeric(&column)
            || column
                .cells
                .iter()
                .all(|cell| *cell == Cell::Missing || cell.is_whole())
                && classes.has_all();
        let distribution = if has_classes {
            Distribution::Categorical(classes)
        } else {
            Distribution::Numeric(Numeric::of(&numbers(&column), KEPT_OF_ONE.1))
        };
        profile.target = Some(FeatureProfile::new(label, &column, distribution));
        Ok(profile)
    }

    /// The names of the classes in the order in which classifiers number them; empty where it has none, or not all.
    #[must_use]
    pub fn classes(&self) -> Vec<String> {
        match self.target.as_ref().map(|target| &target.distribution) {
            Some(Distribution::Categorical(classes)) if classes.has_all() => classes.sorted(),
            Some(Distribution::Categorical(_) | Distribution::Numeric(_)) | None => Vec::new(),
        }
    }

    /// It as text, to be kept.
    ///
    /// # Errors
    /// Never, as all of its numbers are finite.
    pub fn to_json(&self) -> Result<String, ProfileError> {
        serde_json::to_string(self).map_err(ProfileError::Kept)
    }

    /// What was kept.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = serde_json::from_str(text).map_err(ProfileError::Kept)?;
        if profile.version != VERSION {
            return Err(ProfileError::Version(profile.version));
        }
        Ok(profile)
    }
}

impl FeatureProfile {
    fn new(name: String, column: &Column, distribution: Distribution) -> Self {
        let missing = column.cells.iter().filter(|cell| **cell == Cell::Missing);
        let missing = missing.count() as u64;
        Self {
            name,
            count: column.cells.len() as u64 - missing,
            missing,
            distribution,
        }
    }

    /// What the bins stand for, and how many rows were in each.
    pub(crate) fn bins(&self) -> Vec<(Range, u64)> {
        let mut bins = match &self.distribution {
            Distribution::Numeric(numeric) => numeric.bins(),
            Distribution::Categorical(categorical) => categorical.bins(),
        };
        bins.push((Range::Missing, self.missing));
        bins
    }

    /// Whether it is a number with a fraction, and there are classes of which it is none.
    pub(crate) fn is_fraction_of_none(&self, cell: &Cell) -> bool {
        let Distribution::Categorical(classes) = &self.distribution else {
            return false;
        };
        let is_fraction = matches!(cell, Cell::Number(_)) && !cell.is_whole();
        is_fraction && cell.category().is_some_and(|name| !classes.has(&name))
    }

    /// The number of the bin of a value.
    pub(crate) fn bin(&self, cell: &Cell) -> usize {
        match &self.distribution {
            Distribution::Numeric(numeric) => match cell {
                Cell::Number(number) => numeric.bin(*number),
                // A text where numbers are is as good as nothing.
                Cell::Text(_) | Cell::Missing => numeric.bin_count(),
            },
            Distribution::Categorical(categorical) => match cell.category() {
                Some(category) => categorical.bin(&category),
                None => categorical.bin_count(),
            },
        }
    }
}

fn is_numeric(column: &Column) -> bool {
    !column
        .cells
        .iter()
        .any(|cell| matches!(cell, Cell::Text(_)))
        && column.cells.iter().any(|cell| *cell != Cell::Missing)
}

fn numbers(column: &Column) -> Vec<f32> {
    let numbers = column.cells.iter().filter_map(|cell| match cell {
        Cell::Number(number) => Some(*number),
        Cell::Text(_) | Cell::Missing => None,
    });
    numbers.collect()
}

#[cfg(test)]
mod tests;
