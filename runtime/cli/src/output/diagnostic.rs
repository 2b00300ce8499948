//! What is wrong with a definition, shown as compilers show it: the place, the line, and what to try.
//!
//! ```text
//! error[unknown-task]: `train` depends on `lod`, which is not a task of this DAG
//!   --> digits.yaml:41:11
//!    |
//! 41 |         - lod
//!    |           ^
//!    = help: did you mean `load`?
//! ```

use std::fmt::Write;

use coracle_model::{Diagnostic, Severity, Span};

use super::paint::Paint;

/// The file that diagnostics are about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// What to call it.
    pub(crate) name: &'a str,
    /// What is in it; none where that is no text, such as an archive.
    pub(crate) text: Option<&'a str>,
}

/// The most of a line that is shown; definitions have whole programs on one.
const WIDEST: usize = 120;

/// How much of a wide line stands before the place.
const BEFORE: usize = 60;

/// The lines for one diagnostic.
pub(crate) fn render_diagnostic(
    diagnostic: &Diagnostic,
    source: Option<&Source<'_>>,
    colour: bool,
) -> String {
    let paint = |paint: Paint, text: &str| {
        if colour {
            paint.wrap(text)
        } else {
            text.to_owned()
        }
    };
    let (word, weight) = match diagnostic.severity {
        Severity::Error => ("error", Paint::Bad),
        Severity::Warning => ("warning", Paint::Warning),
    };
    let mut text = paint(weight, &format!("{word}[{}]", diagnostic.code));
    // Writing to a text cannot fail.
    let _ = write!(text, ": {}", diagnostic.message);
    let gutter = diagnostic
        .span
        .map_or(0, |span| span.line.to_string().len());
    let bar = paint(Paint::Busy, "|");
    let indent = " ".repeat(gutter);
    if let Some(place) = place(diagnostic.span, source) {
        let _ = write!(text, "\n{indent}{} {place}", paint(Paint::Busy, "-->"));
    }
    if let Some((span, line)) = diagnostic
        .span
        .and_then(|span| Some((span, line_of(source?, span)?)))
    {
        let (shown, pointer) = excerpt(&line, span.column);
        let number = paint(Paint::Busy, &span.line.to_string());
        let caret = paint(weight, "^");
        let _ = write!(
            text,
            "\n{indent} {bar}\n{number} {bar} {shown}\n{indent} {bar} {pointer}{caret}"
        );
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(text, "\n{indent} {} help: {help}", paint(Paint::Busy, "="));
    }
    text
}

fn place(span: Option<Span>, source: Option<&Source<'_>>) -> Option<String> {
    match (source, span) {
        (Some(source), Some(span)) => Some(format!("{}:{span}", source.name)),
        (Some(source), None) => Some(source.name.to_owned()),
        (None, Some(span)) => Some(format!("line {}, column {}", span.line, span.column)),
        (None, None) => None,
    }
}

fn line_of(source: &Source<'_>, span: Span) -> Option<String> {
    let line = source.text?.lines().nth(span.line.checked_sub(1)?)?;
    // Tabs and escapes would move the pointer away from its place, or the cursor out of the line.
    Some(
        line.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect(),
    )
}

/// What is shown of a line, and the room before the pointer.
fn excerpt(line: &str, column: usize) -> (String, String) {
    let length = line.chars().count();
    let at = column.saturating_sub(1).min(length);
    let (skipped, mark) = if length > WIDEST && at > BEFORE {
        (at - BEFORE, "…")
    } else {
        (0, "")
    };
    let shown: String = line.chars().skip(skipped).take(WIDEST).collect();
    let cut = if length - skipped > WIDEST { "…" } else { "" };
    (
        format!("{mark}{shown}{cut}"),
        " ".repeat(at - skipped + mark.chars().count()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "root:\n  dag:\n\ttasks: []\n";

    fn render(diagnostic: &Diagnostic, text: Option<&str>) -> String {
        render_diagnostic(
            diagnostic,
            Some(&Source {
                name: "p.yaml",
                text,
            }),
            false,
        )
    }

    #[test]
    fn a_place_is_shown_with_its_line() {
        let diagnostic = Diagnostic::error("no-dag", "`dag` has no tasks")
            .at(Some(Span { line: 2, column: 3 }))
            .with_help("add one");
        let expected = "error[no-dag]: `dag` has no tasks\n\
                        \x20--> p.yaml:2:3\n\
                        \x20 |\n\
                        2 |   dag:\n\
                        \x20 |   ^\n\
                        \x20 = help: add one";
        assert_eq!(render(&diagnostic, Some(TEXT)), expected);
    }

    #[test]
    fn tabs_do_not_move_the_pointer() {
        let diagnostic = Diagnostic::warning("w", "m").at(Some(Span { line: 3, column: 2 }));
        let text = render(&diagnostic, Some(TEXT));
        assert!(text.starts_with("warning[w]: m\n"), "{text}");
        assert!(text.ends_with("\n3 |  tasks: []\n  |  ^"), "{text}");
    }

    #[test]
    fn what_has_no_line_has_a_name() {
        let diagnostic = Diagnostic::error("archive", "holds no pipeline");
        assert_eq!(
            render(&diagnostic, None),
            "error[archive]: holds no pipeline\n--> p.yaml"
        );
        let beyond = diagnostic.at(Some(Span { line: 9, column: 1 }));
        assert_eq!(
            render(&beyond, Some(TEXT)),
            "error[archive]: holds no pipeline\n --> p.yaml:9:1"
        );
    }

    #[test]
    fn a_line_with_a_program_on_it_is_cut_around_the_place() {
        let line = format!("{}HERE{}", "a".repeat(1000), "b".repeat(1000));
        let diagnostic = Diagnostic::error("e", "m").at(Some(Span {
            line: 1,
            column: 1001,
        }));
        let text = render(&diagnostic, Some(&line));
        let [.., shown, pointer] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}")
        };
        let at = pointer.chars().count() - 1;
        assert_eq!(shown.chars().skip(at).take(4).collect::<String>(), "HERE");
        assert!(shown.chars().count() < 140);
    }
}
