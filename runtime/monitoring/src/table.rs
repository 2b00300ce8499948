//! Columns of values, by the names of features.

use crate::cell::Cell;

/// How many features are looked at. A model that takes more takes images, sounds or vectors of a language, whose single
/// numbers drift without meaning anything, and whose profile would be megabytes.
pub const MOST_FEATURES: usize = 256;

/// A feature's values.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The feature's name.
    pub name: String,
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

    /// Takes a column out of it, by its name or else by its number from 0.
    pub(crate) fn take(&mut self, column: &str) -> Option<Column> {
        let named = self.columns.iter().position(|own| own.name == column);
        let numbered = || column.parse().ok().filter(|at| *at < self.columns.len());
        let at: usize = named.or_else(numbered)?;
        Some(self.columns.remove(at))
    }
}

/// The name of a feature that has none.
pub(crate) fn unnamed(at: usize) -> String {
    format!("feature {at}")
}
