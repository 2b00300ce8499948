//! Everything found wrong while a file is read. Reading goes on after a problem, so that all are seen at once.

use std::cell::{Cell, RefCell};

use coracle_model::{Diagnostic, Span};

/// The most problems that are kept; a broken file of a million lines would otherwise give a million.
const KEPT: usize = 200;

/// A list that every part of the reader may add to while it holds parts of the document.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: RefCell<Vec<Diagnostic>>,
    left_out: Cell<usize>,
    errors: Cell<bool>,
}

impl Problems {
    /// Adds one.
    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.errors.set(self.errors.get() || diagnostic.is_error());
        let mut found = self.found.borrow_mut();
        if found.len() < KEPT {
            found.push(diagnostic);
        } else {
            self.left_out.set(self.left_out.get() + 1);
        }
    }

    /// Adds an error with a place and something to try.
    pub(super) fn error(
        &self,
        place: Span,
        code: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(
            Diagnostic::error(code, message)
                .at(Some(place))
                .with_help(help),
        );
    }

    /// Adds a warning with a place and something to try.
    pub(super) fn warning(
        &self,
        place: Span,
        code: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(
            Diagnostic::warning(code, message)
                .at(Some(place))
                .with_help(help),
        );
    }

    /// Whether the file cannot be used.
    pub(super) fn has_errors(&self) -> bool {
        self.errors.get()
    }

    /// All of them in the order of the file.
    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|diagnostic| diagnostic.span);
        // A field that is looked at twice is reported twice.
        found.dedup();
        let left_out = self.left_out.get();
        if left_out > 0 {
            let message = format!("{left_out} more problems are not shown");
            let last = if self.errors.get() {
                Diagnostic::error("more-problems", message)
            } else {
                Diagnostic::warning("more-problems", message)
            };
            found.push(last.with_help("mend those above first"));
        }
        found
    }
}
