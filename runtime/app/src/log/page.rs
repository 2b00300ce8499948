//! Parts of logs, as whoever scrolls or searches in them asks for them.

use std::ops::ControlFlow;

use coracle_model::{AttemptNumber, Timestamp};

use super::attempts::{Wanted, wanted};
use super::piece::AttemptName;
use super::places::{Looked, Shelf};
use super::search::Sought;
use super::split::Line;
use crate::error::AppError;
use crate::view::{LogLines, LogLinesQuery, LogMatches, LogMatchesQuery, LogQuery};
use crate::workbench::{Workbench, off_runtime};

/// Lines of one answer, where nobody says how many.
const LINES: u64 = 500;

/// The most lines of one answer.
const MOST_LINES: u64 = 5000;

/// The most lines that one answer names, and that are looked at for it.
const MOST_MATCHES: usize = 50_000;
const LOOKED_AT: u64 = 4_000_000;

impl Workbench {
    /// Some lines of what the steps of a run wrote, and how many there are.
    ///
    /// # Errors
    /// When there is no such run, step, attempt or log.
    pub async fn log_lines(
        &self,
        name: String,
        query: LogLinesQuery,
    ) -> Result<LogLines, AppError> {
        let wanted = self
            .log_wanted(name, query.step.clone(), query.attempt)
            .await?;
        let shelf = self.inner.shelf.clone();
        off_runtime(move || Log::look(&shelf, wanted)?.lines(&query)).await
    }

    /// The lines that have a text, by their numbers.
    ///
    /// # Errors
    /// When there is no such run, step, attempt or log.
    pub async fn log_matches(
        &self,
        name: String,
        query: LogMatchesQuery,
    ) -> Result<LogMatches, AppError> {
        let wanted = self
            .log_wanted(name, query.step.clone(), query.attempt)
            .await?;
        let shelf = self.inner.shelf.clone();
        off_runtime(move || Log::look(&shelf, wanted)?.matches(&query)).await
    }

    async fn log_wanted(
        &self,
        name: String,
        step: Option<String>,
        attempt: Option<AttemptNumber>,
    ) -> Result<Wanted, AppError> {
        let home = self.home().clone();
        let query = LogQuery {
            step,
            attempt,
            // No log yet is an empty one.
            follow: true,
            ..LogQuery::default()
        };
        self.ask_store(move |store| wanted(store, &home, &name, &query))
            .await
    }
}

/// The logs of some attempts, one after another.
struct Log {
    parts: Vec<(u64, Looked)>,
    lines: u64,
    is_over: bool,
}

impl Log {
    fn look(shelf: &Shelf, wanted: Wanted) -> Result<Self, AppError> {
        let mut lines = 0;
        let mut parts = Vec::with_capacity(wanted.logs.len());
        for log in wanted.logs {
            let looked = shelf.look(log)?;
            let first = lines;
            lines += looked.lines;
            parts.push((first, looked));
        }
        Ok(Self {
            parts,
            lines,
            is_over: wanted.over,
        })
    }

    fn lines(&self, query: &LogLinesQuery) -> Result<LogLines, AppError> {
        let first = match query.since {
            Some(time) => self.since(time)?,
            None => query.from.min(self.lines),
        };
        let end = first + query.limit.unwrap_or(LINES).min(MOST_LINES);
        let mut lines = Vec::new();
        self.each(first, |number, of, line| {
            if number >= end {
                return ControlFlow::Break(());
            }
            lines.push(line.present(of));
            ControlFlow::Continue(())
        })?;
        Ok(LogLines {
            total: self.lines,
            over: self.is_over,
            first,
            lines,
        })
    }

    fn matches(&self, query: &LogMatchesQuery) -> Result<LogMatches, AppError> {
        let sought = Sought::new(&query.text);
        let (mut lines, mut next) = (Vec::new(), None);
        self.each(query.from, |number, _, line| {
            if lines.len() >= MOST_MATCHES || number - query.from >= LOOKED_AT {
                next = Some(number);
                return ControlFlow::Break(());
            }
            if sought.is_in(line.bytes()) {
                lines.push(number);
            }
            ControlFlow::Continue(())
        })?;
        Ok(LogMatches {
            total: self.lines,
            lines,
            next,
        })
    }

    /// The first line that was begun at a time or later; behind the last one where there is none.
    fn since(&self, time: Timestamp) -> Result<u64, AppError> {
        for (first, part) in &self.parts {
            if let Some(line) = part.since(time)? {
                return Ok(first + line);
            }
        }
        Ok(self.lines)
    }

    /// Hands out the lines of all parts from one on.
    fn each(
        &self,
        from: u64,
        mut take: impl FnMut(u64, &AttemptName, &Line) -> ControlFlow<()>,
    ) -> Result<(), AppError> {
        for (first, part) in &self.parts {
            let of = &part.log.name;
            let flow = part.each(from.saturating_sub(*first), |number, line| {
                take(first + number, of, line)
            })?;
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }
}
