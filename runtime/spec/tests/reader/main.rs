//! The reader from outside: bytes in, definitions and diagnostics out.
//!
//! `two_steps.yaml` and `orchard.yaml` are what kfp 2.17.0 makes of the Python beside them; line numbers in
//! the tests are lines of `two_steps.yaml` unless something else is shown.

mod archives;
mod compiled;
mod documents;
mod hostile;
mod mutations;
mod parameters;
mod platform;
mod verdicts;

use coracle_spec::pipeline::{Definition, Reading, read};

const TWO_STEPS: &str = include_str!("../pipelines/two_steps.yaml");
const ORCHARD: &str = include_str!("../pipelines/orchard.yaml");

/// Reads text as a YAML file.
fn read_text(text: &str) -> Reading {
    read(text.as_bytes(), "pipeline.yaml")
}

/// Reads text that must be without a fault.
fn sound(text: &str) -> Definition {
    let reading = read_text(text);
    assert_eq!(reading.diagnostics, []);
    reading.definition.unwrap()
}

/// `two_steps.yaml` with one piece replaced.
fn with(piece: &str, replacement: &str) -> String {
    assert!(
        TWO_STEPS.contains(piece),
        "{piece:?} is not in the pipeline"
    );
    TWO_STEPS.replacen(piece, replacement, 1)
}

/// The diagnostics as lines `code line:column message`, warnings marked, and whether there is a definition.
fn verdict(text: &str) -> Vec<String> {
    shown(&read_text(text))
}

fn shown(reading: &Reading) -> Vec<String> {
    let errors = reading
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .count();
    assert_eq!(
        reading.definition.is_none(),
        errors > 0,
        "a definition comes exactly when there is no error"
    );
    reading
        .diagnostics
        .iter()
        .map(|diagnostic| {
            assert!(diagnostic.help.is_some(), "no help: {diagnostic:?}");
            let mark = if diagnostic.is_error() {
                ""
            } else {
                "warning "
            };
            let place = diagnostic
                .span
                .map_or_else(|| "-".to_owned(), |span| span.to_string());
            format!("{mark}{} {place} {}", diagnostic.code, diagnostic.message)
        })
        .collect()
}
