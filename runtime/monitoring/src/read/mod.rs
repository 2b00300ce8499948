//! Columns out of what people and clients send.

mod cells;
mod csv;
mod datatype;
mod features;
mod predictions;
mod rows;
mod tensors;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::cell::Cell;
use crate::table::{Column, MOST_FEATURES, Table};

pub use csv::of_csv;
pub use features::{features, of_json};
pub use predictions::predictions;

/// A request or an answer of a model server.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its body.
    pub body: &'a [u8],
    /// How much of the body is JSON, where bytes follow it: the header `Inference-Header-Content-Length`.
    pub json_length: Option<usize>,
}

/// Why there are no columns in a body.
#[derive(Debug, Error)]
pub enum Unread {
    /// It is no JSON, or not of the form that is read.
    #[error("the body is not JSON of one of the two protocols")]
    Json(#[source] serde_json::Error),
    /// It is no table.
    #[error("the table cannot be read")]
    Csv(#[source] ::csv::Error),
    /// It has nothing of what is looked for.
    #[error("there are no {0} in the body")]
    Nothing(&'static str),
    /// Its rows have different lengths or names.
    #[error("the rows have different columns")]
    Ragged,
    /// A tensor is not what its shape and datatype say.
    #[error("the tensor `{0}` is not what its shape and datatype say")]
    Tensor(String),
    /// It has more features than are looked at.
    #[error(
        "{0} features or more: drift is looked at for up to {MOST_FEATURES}, so not for images and the like"
    )]
    TooWide(usize),
    /// It has more values than are taken.
    #[error("more than {MOST_CELLS} values: some ten thousand rows tell as much")]
    TooLong,
}

/// The most values that are read: each takes some ten times as much room as in the shortest JSON. Tests do not take that long.
const MOST_CELLS: usize = if cfg!(test) { 50_000 } else { 20_000_000 };

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    instances: Option<&'a RawValue>,
    #[serde(borrow, default)]
    inputs: Option<&'a RawValue>,
    #[serde(borrow, default)]
    predictions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    outputs: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// The body, and the bytes behind its JSON.
    fn parts(self) -> Result<(&'a [u8], &'a [u8]), Unread> {
        let Some(length) = self.json_length else {
            return Ok((self.body, &[]));
        };
        let parts = self.body.split_at_checked(length);
        parts.ok_or(Unread::Nothing("so many bytes of JSON"))
    }
}

fn named_columns(names: Vec<Option<String>>, columns: Vec<Vec<Cell>>) -> Result<Table, Unread> {
    let columns = names.into_iter().zip(columns);
    let columns = columns
        .map(|(name, cells)| Column { name, cells })
        .collect();
    Table::of_columns(columns).ok_or(Unread::Ragged)
}

fn within(features: usize) -> Result<(), Unread> {
    if features > MOST_FEATURES {
        return Err(Unread::TooWide(features));
    }
    Ok(())
}

fn few_enough(cells: usize) -> Result<(), Unread> {
    if cells > MOST_CELLS {
        return Err(Unread::TooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
