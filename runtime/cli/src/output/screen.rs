//! The two streams, and what is known of what reads them.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use coracle_model::Diagnostic;
use jiff::Timestamp;
use serde::Serialize;

use super::diagnostic::{Source, render_diagnostic};
use super::paint::Paint;
use super::table::Table;
use super::time::When;
use crate::command_error::Report;

/// How answers look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object.
    Json,
}

/// What reads a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Whether a person looks at it.
    pub(crate) terminal: bool,
    /// Whether colours are welcome.
    pub(crate) colour: bool,
    /// Characters in a line, where that is known.
    pub(crate) width: Option<usize>,
}

impl Screen {
    /// A file or a pipe.
    pub(crate) const PIPE: Self = Self {
        terminal: false,
        colour: false,
        width: None,
    };

    fn of(
        stream: &impl IsTerminal,
        width: Option<u16>,
        no_color: bool,
        term: Option<&OsStr>,
    ) -> Self {
        if !stream.is_terminal() {
            return Self::PIPE;
        }
        let dumb = term.is_some_and(|term| term == "dumb");
        Self {
            terminal: true,
            colour: !no_color && !dumb,
            width: width.map(usize::from),
        }
    }
}

/// Where a command writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// How answers look.
    pub(crate) format: Format,
    /// What reads the answers.
    pub(crate) stdout: Screen,
    /// What reads everything else.
    pub(crate) stderr: Screen,
    /// When the command began; ages are seen from here.
    now: Timestamp,
    began: Instant,
}

impl Output {
    /// The process's own streams.
    pub(crate) fn of_process(
        format: Format,
        no_color: bool,
        term: Option<&OsStr>,
        now: Timestamp,
    ) -> Self {
        let width = console::Term::stdout()
            .size_checked()
            .map(|(_, columns)| columns);
        let stdout = Screen::of(&io::stdout(), width, no_color, term);
        let stderr = Screen::of(&io::stderr(), width, no_color, term);
        Self {
            format,
            stdout,
            stderr,
            now,
            began: Instant::now(),
        }
    }

    /// An output whose texts are looked at and not written.
    #[cfg(test)]
    pub(crate) fn for_tests(screen: Screen) -> Self {
        Self {
            format: Format::Text,
            stdout: screen,
            stderr: screen,
            now: Timestamp::UNIX_EPOCH,
            began: Instant::now(),
        }
    }

    /// What time it is, as far as showing it goes.
    pub(crate) fn clock(&self) -> Timestamp {
        self.now
            .saturating_add(self.began.elapsed())
            .unwrap_or(Timestamp::MAX)
    }

    /// How times are written in answers.
    pub(crate) fn when(&self) -> When {
        if self.stdout.terminal {
            When::Ago(self.clock())
        } else {
            When::Exact
        }
    }

    /// Writes part of the answer.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        self.raw(text.as_bytes())
    }

    /// Asks somebody at the terminal; nobody there has not agreed.
    ///
    /// # Errors
    /// When the answer cannot be read.
    pub(crate) fn agrees(&self, question: &str) -> io::Result<bool> {
        if !self.stderr.terminal || !io::stdin().is_terminal() {
            return Ok(false);
        }
        self.note(&format!("{question} [y/N]"));
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// Writes part of the answer, byte for byte.
    #[expect(
        clippy::unused_self,
        reason = "all that is written goes through the output"
    )]
    pub(crate) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Writes the answer as one line of JSON.
    pub(crate) fn json(&self, answer: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        self.raw(&line)
    }

    /// Writes a table, or a note instead of an empty one.
    pub(crate) fn table(&self, table: &Table, rows: usize, empty: &str) -> io::Result<()> {
        if rows == 0 {
            self.note(empty);
            return Ok(());
        }
        self.data(&table.render(self.stdout.width, self.stdout.colour))
    }

    /// Tells that something was done that has no answer of its own.
    pub(crate) fn done(&self, verb: &str, name: &str, sentence: &str) -> io::Result<()> {
        match self.format {
            Format::Json => self.json(&serde_json::json!({ verb: name })),
            Format::Text => {
                self.note(sentence);
                Ok(())
            }
        }
    }

    /// Tells people something that is not part of the answer.
    #[expect(
        clippy::unused_self,
        reason = "all that is written goes through the output"
    )]
    pub(crate) fn note(&self, text: &str) {
        // A note that nobody can read harms nobody.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Tells what went wrong, in the form that was asked for.
    pub(crate) fn error(&self, report: &Report) {
        match self.format {
            Format::Json => {
                let line = serde_json::json!({ "error": report }).to_string();
                self.note(&line);
            }
            Format::Text => {
                self.diagnostics(&report.diagnostics, None);
                self.note(&format!(
                    "{}: {}",
                    self.on_stderr(Paint::Bad, "error"),
                    report.message
                ));
                if let Some(hint) = &report.hint {
                    self.note(&format!("{}: {hint}", self.on_stderr(Paint::Busy, "hint")));
                }
            }
        }
    }

    /// Tells what is wrong with a definition.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic], source: Option<&Source<'_>>) {
        for diagnostic in diagnostics {
            self.note(&render_diagnostic(diagnostic, source, self.stderr.colour));
        }
    }

    /// A text as it stands out in the answer.
    pub(crate) fn on_stdout(&self, paint: Paint, text: &str) -> String {
        if self.stdout.colour {
            paint.wrap(text)
        } else {
            text.to_owned()
        }
    }

    /// A text as it stands out on standard error.
    pub(crate) fn on_stderr(&self, paint: Paint, text: &str) -> String {
        if self.stderr.colour {
            paint.wrap(text)
        } else {
            text.to_owned()
        }
    }
}
