//! What is answered, as one value a row.

use super::rows::{self, Row};
use super::{Body, Message, Unread, tensors};
use crate::cell::Cell;

/// The most outputs of which the largest is looked for: classes of a large classifier.
const MOST_CLASSES: usize = 10_000;

/// What an answer predicts, row by row. Where it has a number for each class, the class of the largest; `classes` are their
/// names, where they are known.
///
/// # Errors
/// When it is of none of the two protocols.
pub fn predictions(message: Message<'_>, classes: &[String]) -> Result<Vec<Cell>, Unread> {
    let (json, binary) = message.parts()?;
    let body: Body<'_> = serde_json::from_slice(json).map_err(Unread::Json)?;
    match (body.predictions, body.outputs) {
        (Some(rows), _) => {
            let rows: Vec<Row> = rows::read(rows, MOST_CLASSES)?;
            let found = rows.into_iter().map(|row| of_row(row, classes));
            found
                .collect::<Option<_>>()
                .ok_or(Unread::Nothing("predictions"))
        }
        (None, Some(outputs)) => {
            let outputs = tensors::read(outputs, binary, MOST_CLASSES)?;
            let single = outputs.iter().position(|output| output.width == 1);
            let mut outputs = outputs;
            if outputs.is_empty() {
                return Err(Unread::Nothing("outputs"));
            }
            // Whoever gives labels and probabilities gives the labels one by one.
            let chosen = outputs.swap_remove(single.unwrap_or(0));
            if chosen.width == 1 {
                return Ok(chosen.cells);
            }
            let rows = chosen.cells.chunks(chosen.width.max(1));
            Ok(rows.map(|row| largest(row, classes)).collect())
        }
        (None, None) => Err(Unread::Nothing("predictions or outputs")),
    }
}

/// What a row of an answer predicts: of several outputs, the first that is one value.
fn of_row(row: Row, classes: &[String]) -> Option<Cell> {
    let cells = match row {
        Row::Unnamed(cells) => cells,
        Row::Named(members) => {
            let single = members.iter().position(|(_, cells)| cells.len() == 1);
            let mut members = members;
            if members.is_empty() {
                return None;
            }
            members.swap_remove(single.unwrap_or(0)).1
        }
    };
    let cells = cells.into_vec().ok()?;
    match cells.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(largest(several, classes)),
    }
}

/// The class whose number is the largest, the first of those where several are.
fn largest(row: &[Cell], classes: &[String]) -> Cell {
    let mut found: Option<(usize, f32)> = None;
    for (at, cell) in row.iter().enumerate() {
        if let Cell::Number(number) = cell
            && found.is_none_or(|(_, most)| *number > most)
        {
            found = Some((at, *number));
        }
    }
    let Some((at, _)) = found else {
        return Cell::Missing;
    };
    match classes.get(at).filter(|_| classes.len() == row.len()) {
        Some(class) => Cell::of_field(class),
        None => Cell::of_field(&at.to_string()),
    }
}
