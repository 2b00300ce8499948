//! Tables without borders: columns as wide as they need to be, two spaces between them.

use super::paint::Paint;

/// Where a column's texts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Texts.
    Left,
    /// Amounts.
    Right,
}

/// Rows under headings.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<(String, Paint)>>,
}

/// The least a column is cut down to on a narrow terminal; below that nobody can read it.
const NARROWEST: usize = 12;

impl Table {
    /// An empty table.
    pub(crate) fn new(columns: impl IntoIterator<Item = (&'static str, Align)>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; a cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = (String, Paint)>) {
        let cells = cells
            .into_iter()
            .map(|(text, paint)| (one_line(&text), paint))
            .collect();
        self.rows.push(cells);
    }

    /// The lines. On a terminal that is narrower the widest column gives way.
    pub(crate) fn render(&self, width: Option<usize>, colour: bool) -> String {
        let widths = self.widths(width);
        let heading: Vec<_> = self
            .columns
            .iter()
            .map(|(name, _)| ((*name).to_owned(), Paint::Dim))
            .collect();
        let mut lines = String::new();
        for row in std::iter::once(&heading).chain(&self.rows) {
            lines.push_str(self.line(row, &widths, colour).trim_end());
            lines.push('\n');
        }
        lines
    }

    fn line(&self, row: &[(String, Paint)], widths: &[usize], colour: bool) -> String {
        let cells = row.iter().zip(widths).zip(&self.columns).enumerate().map(
            |(index, ((cell, width), column))| {
                let text = shorten(&cell.0, *width);
                let room = " ".repeat(width - text.chars().count());
                let painted = if colour { cell.1.wrap(&text) } else { text };
                let last = index + 1 == row.len();
                match column.1 {
                    Align::Right => room + &painted,
                    Align::Left if last => painted,
                    Align::Left => painted + &room,
                }
            },
        );
        cells.collect::<Vec<_>>().join("  ")
    }

    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let natural = |index: usize| {
            let cells = self
                .rows
                .iter()
                .filter_map(|row| row.get(index))
                .map(|cell| cell.0.chars().count());
            cells
                .chain([self.columns[index].0.len()])
                .max()
                .unwrap_or_default()
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(natural).collect();
        let room = width.unwrap_or(usize::MAX);
        let gaps = 2 * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > room {
            let Some(widest) = widths
                .iter_mut()
                .max()
                .filter(|widest| **widest > NARROWEST)
            else {
                break;
            };
            *widest -= 1;
        }
        widths
    }
}

/// What a cell can show: a line break or an escape in a name would break the table.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The text in so many characters at most.
fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([
            ("NAME", Align::Left),
            ("SIZE", Align::Right),
            ("WHY", Align::Left),
        ]);
        table.row([
            ("a".to_owned(), Paint::Plain),
            ("10 B".to_owned(), Paint::Plain),
            ("short".to_owned(), Paint::Bad),
        ]);
        let why = "a reason that is long enough to be cut".to_owned();
        table.row([
            ("long-name".to_owned(), Paint::Plain),
            ("1 B".to_owned(), Paint::Plain),
            (why, Paint::Plain),
        ]);
        table
    }

    #[test]
    fn columns_line_up() {
        let expected = "NAME       SIZE  WHY\n\
                        a          10 B  short\n\
                        long-name   1 B  a reason that is long enough to be cut\n";
        assert_eq!(table().render(None, false), expected);
    }

    #[test]
    fn a_narrow_terminal_cuts_the_widest_column() {
        let text = table().render(Some(30), false);
        assert!(
            text.lines().all(|line| line.chars().count() <= 30),
            "{text}"
        );
        assert!(text.ends_with("long-name   1 B  a reason tha…\n"), "{text}");
        // There is an end to it: names stay readable.
        assert!(table().render(Some(5), false).contains("long-name"));
    }

    #[test]
    fn colours_do_not_move_columns() {
        assert!(
            table()
                .render(None, true)
                .contains("10 B  \x1b[31mshort\x1b[0m\n")
        );
    }

    #[test]
    fn a_cell_stays_on_its_line() {
        let mut table = Table::new([("NAME", Align::Left)]);
        table.row([("two\nlines\x1b[2J".to_owned(), Paint::Plain)]);
        assert_eq!(table.render(None, false), "NAME\ntwo lines [2J\n");
    }
}
