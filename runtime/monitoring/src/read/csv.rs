//! Columns out of comma-separated values.

use csv::{ReaderBuilder, StringRecord};

use super::{Unread, named_columns, within};
use crate::cell::Cell;
use crate::table::{Table, unnamed};

/// The columns of a table. Its first line has their names where no field of it is a number.
///
/// # Errors
/// When its lines have different lengths, it is not UTF-8, or there are too many columns.
pub fn of_csv(text: &[u8]) -> Result<Table, Unread> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text);
    let mut lines = reader.records();
    let first = lines.next().ok_or(Unread::Nothing("lines"))?;
    let first = first.map_err(Unread::Csv)?;
    within(first.len())?;
    let is_header = !first
        .iter()
        .any(|field| matches!(Cell::of_field(field), Cell::Number(_)));
    let mut columns: Vec<Vec<Cell>> = vec![Vec::new(); first.len()];
    let names = if is_header {
        let named = first.iter().enumerate();
        named.map(|(at, field)| name(field, at)).collect()
    } else {
        add(&mut columns, &first);
        (0..first.len()).map(unnamed).collect()
    };
    for line in lines {
        add(&mut columns, &line.map_err(Unread::Csv)?);
    }
    named_columns(names, columns)
}

/// The index of a data frame is a column without a name.
fn name(field: &str, at: usize) -> String {
    match field.trim() {
        "" => unnamed(at),
        name => name.to_owned(),
    }
}

fn add(columns: &mut [Vec<Cell>], line: &StringRecord) {
    for (column, field) in columns.iter_mut().zip(line) {
        column.push(Cell::of_field(field));
    }
}
