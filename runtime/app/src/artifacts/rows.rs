//! Rows of CSV, TSV and JSON lines, from the beginning of a file. Pure.

use coracle_model::Value;

/// The most rows that are shown.
const ROWS: usize = 100;

/// The most columns that are shown.
const COLUMNS: usize = 200;

/// How the cells of a table are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By this character, quoted where they have it in them.
    Separated(char),
    /// Each line is a JSON object.
    JsonLines,
}

/// The beginning of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rows {
    /// The columns' names; counted from 1 where the table has none.
    pub(super) columns: Vec<String>,
    /// The rows; a cell that is not there is null.
    pub(super) rows: Vec<Vec<Value>>,
    /// Whether the table has more rows or columns.
    pub(super) truncated: bool,
}

/// The form of a table that says nothing about it: two lines or more that fit together.
pub(super) fn guess(text: &str) -> Option<Form> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (first, second) = (lines.next()?, lines.next());
    if object(first).is_some() && second.is_none_or(|line| object(line).is_some()) {
        return Some(Form::JsonLines);
    }
    let second = second?;
    [',', '\t', ';'].into_iter().find_map(|separator| {
        let cells = |line: &str| {
            records(line, separator)
                .next()
                .map_or(0, |(record, _)| record.len())
        };
        (cells(first) > 1 && cells(first) == cells(second)).then_some(Form::Separated(separator))
    })
}

/// Reads the rows. The last one of a text that was cut short is left out, since it may be cut, too.
pub(super) fn read(form: Form, text: &str, cut: bool) -> Option<Rows> {
    match form {
        Form::Separated(separator) => Some(separated(text, separator, cut)),
        Form::JsonLines => json_lines(text, cut),
    }
}

fn separated(text: &str, separator: char, cut: bool) -> Rows {
    let mut records = records(text, separator)
        .filter(|(_, whole)| *whole || !cut)
        .map(|(record, _)| record)
        .filter(|record| record.iter().any(|cell| !cell.is_empty()))
        .peekable();
    let Some(first) = records.peek() else {
        return Rows::default();
    };
    // A table of numbers alone has no names.
    let columns = if first.iter().all(|cell| cell.trim().parse::<f64>().is_ok()) {
        (1..=first.len()).map(|number| number.to_string()).collect()
    } else {
        records.next().unwrap_or_default()
    };
    let rows: Vec<Vec<Value>> = records
        .by_ref()
        .take(ROWS)
        .map(|record| record.into_iter().map(Value::from).collect())
        .collect();
    let truncated = cut || records.next().is_some();
    fit(columns, rows, truncated)
}

fn json_lines(text: &str, cut: bool) -> Option<Rows> {
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(ROWS + 2)
        .collect();
    if cut && !text.ends_with('\n') && lines.len() < ROWS + 2 {
        lines.pop();
    }
    let truncated = cut || lines.len() > ROWS;
    lines.truncate(ROWS);
    let objects: Option<Vec<_>> = lines.into_iter().map(object).collect();
    let objects = objects?;
    let mut columns: Vec<String> = Vec::new();
    for name in objects.iter().flat_map(|object| object.keys()) {
        if columns.len() <= COLUMNS && !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let rows = objects.into_iter().map(|mut object| {
        columns
            .iter()
            .map(|name| object.remove(name).unwrap_or_default())
            .collect()
    });
    let rows = rows.collect();
    Some(fit(columns, rows, truncated))
}

fn object(line: &str) -> Option<std::collections::BTreeMap<String, Value>> {
    match Value::from_json(line).ok()? {
        Value::Struct(fields) => Some(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => None,
    }
}

/// Gives every row a cell for each column, and leaves out columns beyond the bound.
fn fit(mut columns: Vec<String>, mut rows: Vec<Vec<Value>>, truncated: bool) -> Rows {
    let widest = rows.iter().map(Vec::len).max().unwrap_or_default();
    for number in columns.len()..widest.min(COLUMNS + 1) {
        columns.push((number + 1).to_string());
    }
    let truncated = truncated || columns.len() > COLUMNS;
    columns.truncate(COLUMNS);
    for row in &mut rows {
        row.resize(columns.len(), Value::Null);
    }
    Rows {
        columns,
        rows,
        truncated,
    }
}

/// The records of a text with separated cells, each with whether its end was seen.
fn records(text: &str, separator: char) -> impl Iterator<Item = (Vec<String>, bool)> {
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        rest.peek()?;
        let (mut record, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        while let Some(c) = rest.next() {
            match c {
                '"' if quoted && rest.next_if_eq(&'"').is_some() => cell.push('"'),
                '"' if quoted || cell.is_empty() => quoted = !quoted,
                '\r' if !quoted && rest.peek() == Some(&'\n') => {}
                '\n' if !quoted => {
                    record.push(cell);
                    return Some((record, true));
                }
                c if c == separator && !quoted => record.push(std::mem::take(&mut cell)),
                c => cell.push(c),
            }
        }
        record.push(cell);
        Some((record, false))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(form: Form, text: &str, cut: bool) -> String {
        let rows = read(form, text, cut).unwrap();
        let lines = rows.rows.iter().map(|row| {
            let row: Value = row.iter().cloned().collect();
            row.to_json()
        });
        let more = if rows.truncated { " …" } else { "" };
        std::iter::once(rows.columns.join("|"))
            .chain(lines)
            .collect::<Vec<_>>()
            .join(" ")
            + more
    }

    const COMMA: Form = Form::Separated(',');

    #[test]
    fn separated_cells_are_read() {
        let check = |text: &str, expected: &str| assert_eq!(shown(COMMA, text, false), expected);
        check("a,b\n1,2\n", r#"a|b ["1","2"]"#);
        check("a,b\r\n1,2\r\n\r\n3,4", r#"a|b ["1","2"] ["3","4"]"#);
        check("a,b\n\"x,\"\"y\"\"\n z\",2\n", r#"a|b ["x,\"y\"\n z","2"]"#);
        check("1,2\n3.5,-4\n", r#"1|2 ["1","2"] ["3.5","-4"]"#);
        check("a,b\n1\n1,2,3\n", r#"a|b|3 ["1",null,null] ["1","2","3"]"#);
        check("a,b\n5\" tape,1\n", r#"a|b ["5\" tape","1"]"#);
        check("", "");
        assert_eq!(
            shown(Form::Separated('\t'), "a\tb\n1\t2", false),
            r#"a|b ["1","2"]"#
        );
    }

    #[test]
    fn json_lines_are_read() {
        let check =
            |text: &str, expected: &str| assert_eq!(shown(Form::JsonLines, text, false), expected);
        check("{\"a\":1}\n{\"b\":[2]}\n", "a|b [1,null] [null,[2]]");
        assert_eq!(read(Form::JsonLines, "{}\n[]\n", false), None);
    }

    #[test]
    fn what_was_cut_is_left_out() {
        assert_eq!(shown(COMMA, "a,b\n1,2\n3,4", true), r#"a|b ["1","2"] …"#);
        assert_eq!(
            shown(Form::JsonLines, "{\"a\":1}\n{\"a\":", true),
            "a [1] …"
        );
    }

    #[test]
    fn tables_are_bounded() {
        let long = format!("a\n{}", "x\n".repeat(ROWS + 1));
        let rows = read(COMMA, &long, false).unwrap();
        assert_eq!((rows.rows.len(), rows.truncated), (ROWS, true));
        let whole = format!("a\n{}", "x\n".repeat(ROWS));
        assert!(!read(COMMA, &whole, false).unwrap().truncated);
        let wide = ",".repeat(10 * COLUMNS);
        let rows = read(COMMA, &format!("a\n{wide}x\n"), false).unwrap();
        assert_eq!((rows.columns.len(), rows.truncated), (COLUMNS, true));
        assert_eq!(rows.rows[0].len(), COLUMNS);
        let lines = "{\"a\":1}\n".repeat(ROWS + 1);
        let rows = read(Form::JsonLines, &lines, false).unwrap();
        assert_eq!((rows.rows.len(), rows.truncated), (ROWS, true));
    }

    #[test]
    fn a_form_is_guessed() {
        assert_eq!(guess("a,b\n1,2\n"), Some(COMMA));
        assert_eq!(guess("a\tb\n1\t2\n"), Some(Form::Separated('\t')));
        assert_eq!(guess("{\"a\":1}\n{\"a\":2}"), Some(Form::JsonLines));
        assert_eq!(guess("{\n  \"a\": 1\n}"), None);
        assert_eq!(
            guess("Dear all,\n\nthis is a text, with commas, here."),
            None
        );
        assert_eq!(guess("one line"), None);
    }
}
