//! Columns of values, by the names of features.

use crate::cell::Cell;

/// How many features are looked at. A model that takes more takes images, sounds or vectors of a language, whose single
/// numbers drift without meaning anything, and whose profile would be megabytes.
pub const MOST_FEATURES: usize = 256;

/// A feature's values.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The feature's name; none where there was none.
    pub name: Option<String>,
    /// A value for each row.
    pub cells: Vec<Cell>,
}

/// Columns of the same length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<Column>,
}

impl Table {
    /// A table of columns, which are of one length; none where they are not.
    pub(crate) fn of_columns(columns: Vec<Column>) -> Option<Self> {
        let rows = columns.first().map_or(0, |column| column.cells.len());
        let is_whole = columns.iter().all(|column| column.cells.len() == rows);
        is_whole.then_some(Self { columns })
    }

    /// Its columns, in the order in which they were sent.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }

    /// What its columns are called, in order: those without a name by their numbers.
    pub(crate) fn labels(&self) -> impl Iterator<Item = String> {
        let label = |(at, column): (usize, &Column)| match &column.name {
            Some(name) => name.clone(),
            None => format!("feature {at}"),
        };
        self.columns.iter().enumerate().map(label)
    }

    /// Takes a column out of it, by what it is called or else by its number from 0.
    pub(crate) fn take(&mut self, column: &str) -> Option<(String, Column)> {
        let called = self.labels().position(|label| label == column);
        let numbered = || column.parse().ok().filter(|at| *at < self.columns.len());
        let at: usize = called.or_else(numbered)?;
        let label = self.labels().nth(at)?;
        Some((label, self.columns.remove(at)))
    }
}
