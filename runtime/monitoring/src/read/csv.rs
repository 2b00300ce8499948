//! Columns out of comma-separated values.

use csv::{ReaderBuilder, StringRecord};

use super::{Unread, few_enough, named_columns, within};
use crate::cell::Cell;
use crate::table::Table;

/// The columns of a table. Its first line has their names where no field of it is a number. The first of them is left out where it
/// alone has no name: the index of a data frame, which is no feature.
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
    let mut names: Vec<Option<String>> = if is_header {
        first.iter().map(name).collect()
    } else {
        add(&mut columns, &first);
        vec![None; first.len()]
    };
    for (number, line) in lines.enumerate() {
        few_enough((number + 2) * first.len())?;
        add(&mut columns, &line.map_err(Unread::Csv)?);
    }
    if let [None, others @ ..] = names.as_slice()
        && others.iter().all(Option::is_some)
        && !others.is_empty()
    {
        names.remove(0);
        columns.remove(0);
    }
    named_columns(names, columns)
}

fn name(field: &str) -> Option<String> {
    let name = field.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn add(columns: &mut [Vec<Cell>], line: &StringRecord) {
    for (column, field) in columns.iter_mut().zip(line) {
        column.push(Cell::of_field(field));
    }
}
