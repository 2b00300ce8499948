//! The features that are sent, in whichever form.

use serde_json::value::RawValue;

use super::cells::Cells;
use super::rows::{self, Row};
use super::tensors::{self, Tensor};
use super::{Body, Message, Unread, few_enough, within};
use crate::cell::Cell;
use crate::table::{Column, MOST_FEATURES, Table};

/// The features that a request sends, as columns.
///
/// # Errors
/// When it is of none of the two protocols, or has too many.
pub fn features(message: Message<'_>) -> Result<Table, Unread> {
    let (json, binary) = message.parts()?;
    let body: Body<'_> = serde_json::from_slice(json).map_err(Unread::Json)?;
    match (body.instances, body.inputs) {
        (Some(instances), _) => of_rows(instances),
        (None, Some(inputs)) if tensors::are_in(inputs) => {
            of_tensors(tensors::read(inputs, binary, MOST_FEATURES)?)
        }
        (None, Some(inputs)) if inputs.get().starts_with('{') => {
            of_named(rows::read_named(inputs, MOST_FEATURES)?)
        }
        (None, Some(inputs)) => of_rows(inputs),
        (None, None) => Err(Unread::Nothing("instances or inputs")),
    }
}

/// The columns of rows as JSON: a list of lists or of objects, or the body of a request.
///
/// # Errors
/// When it is none of these, or has too many.
pub fn of_json(text: &[u8]) -> Result<Table, Unread> {
    let is_list = text.trim_ascii_start().starts_with(b"[");
    if !is_list {
        return features(Message {
            body: text,
            json_length: None,
        });
    }
    let rows: &RawValue = serde_json::from_slice(text).map_err(Unread::Json)?;
    of_rows(rows)
}

fn of_rows(rows: &RawValue) -> Result<Table, Unread> {
    let columns: Columns = rows::read(rows, MOST_FEATURES)?;
    Table::of_columns(columns.into_columns()?).ok_or(Unread::Ragged)
}

/// The columns of the rows so far, or why there are none.
#[derive(Default)]
struct Columns {
    found: Vec<Column>,
    rows: usize,
    cells: usize,
    refused: Option<Unread>,
}

impl Extend<Row> for Columns {
    /// Rows behind one that is refused are passed over.
    fn extend<I: IntoIterator<Item = Row>>(&mut self, rows: I) {
        for row in rows {
            if self.refused.is_none() {
                self.refused = self.add(row).err();
            }
        }
    }
}

impl Columns {
    fn add(&mut self, row: Row) -> Result<(), Unread> {
        let named = match row {
            Row::Unnamed(cells) => {
                let cells = cells.into_vec()?.into_iter();
                cells.map(|cell| (None, cell)).collect()
            }
            Row::Named(members) => flat(members)?,
        };
        if self.rows == 0 {
            let names = named.iter().map(|(name, _)| name.clone());
            let column = |name| Column {
                name,
                cells: Vec::new(),
            };
            self.found = names.map(column).collect();
        }
        if named.len() != self.found.len() {
            return Err(Unread::Ragged);
        }
        self.rows += 1;
        self.cells += named.len();
        few_enough(self.cells)?;
        for (at, (name, cell)) in named.into_iter().enumerate() {
            // Members of objects may come in any order, and mostly come in the same.
            let own = if self.found[at].name == name {
                Some(at)
            } else {
                self.found.iter().position(|known| known.name == name)
            };
            self.found[own.ok_or(Unread::Ragged)?].cells.push(cell);
        }
        Ok(())
    }

    fn into_columns(self) -> Result<Vec<Column>, Unread> {
        match self.refused {
            Some(refused) => Err(refused),
            None => Ok(self.found),
        }
    }
}

/// The cells of an object's members: a member with several numbers its columns beside each other.
fn flat(members: Vec<(String, Cells)>) -> Result<Vec<(Option<String>, Cell)>, Unread> {
    let is_only = members.len() == 1;
    let mut found = Vec::new();
    for (name, cells) in members {
        let mut cells = cells.into_vec()?;
        if let [_] = cells.as_slice() {
            found.extend(cells.pop().map(|cell| (Some(name), cell)));
        } else {
            let numbered = cells.into_iter().enumerate();
            found.extend(numbered.map(|(at, cell)| (of_many(&name, at, is_only), cell)));
        }
    }
    within(found.len())?;
    Ok(found)
}

/// The name of one of several features that came under one name; none where that is the name of them all.
fn of_many(name: &str, at: usize, is_only: bool) -> Option<String> {
    (!is_only).then(|| format!("{name} {at}"))
}

fn of_named(inputs: Vec<(String, Columns)>) -> Result<Table, Unread> {
    let is_only = inputs.len() == 1;
    let mut columns = Vec::new();
    for (name, input) in inputs {
        let input = input.into_columns()?;
        let width = input.len();
        for (at, column) in input.into_iter().enumerate() {
            let name = match width {
                1 => Some(name.clone()),
                _ => of_many(&name, at, is_only),
            };
            let cells = column.cells;
            columns.push(Column { name, cells });
        }
    }
    within(columns.len())?;
    Table::of_columns(columns).ok_or(Unread::Ragged)
}

fn of_tensors(tensors: Vec<Tensor>) -> Result<Table, Unread> {
    within(tensors.iter().map(|tensor| tensor.width).sum())?;
    let is_only = tensors.len() == 1;
    let mut columns = Vec::new();
    for tensor in tensors {
        if tensor.width == 1 {
            columns.push(Column {
                name: Some(tensor.name),
                cells: tensor.cells,
            });
            continue;
        }
        for at in 0..tensor.width {
            let own = tensor.cells.iter().skip(at).step_by(tensor.width);
            columns.push(Column {
                name: of_many(&tensor.name, at, is_only),
                cells: own.cloned().collect(),
            });
        }
    }
    Table::of_columns(columns).ok_or(Unread::Ragged)
}
