//! Where the lines of a run go: one after another, or above lines that change while one looks.

use jiff::Timestamp;

use super::lines::Look;
use super::progress::Progress;
use crate::output::{LiveLines, Screen};

/// The most steps that are shown at work at once; the rest are counted.
const MOST_BARS: usize = 10;

/// Where the lines of a run go.
pub(crate) struct Display {
    /// How lines look.
    pub(super) look: Look,
    lines: LiveLines,
    turn: usize,
}

impl Display {
    /// A display on standard error.
    pub(crate) fn on_stderr(screen: Screen) -> Self {
        let look = Look {
            colour: screen.colour,
            columns: screen.terminal,
        };
        Self {
            look,
            lines: LiveLines::on_stderr(screen),
            turn: 0,
        }
    }

    /// Whether it wants to be drawn again and again.
    pub(super) fn is_live(&self) -> bool {
        self.lines.is_live()
    }

    /// Adds a line that stays.
    pub(super) fn line(&self, line: &str) {
        self.lines.line(line);
    }

    /// Draws the live part.
    pub(super) fn draw(&mut self, progress: &Progress, now: Timestamp, waiting: usize) {
        if !self.lines.is_live() {
            return;
        }
        self.turn += 1;
        let (look, turn) = (self.look, self.turn);
        let mut lines: Vec<_> = progress
            .at_work()
            .take(MOST_BARS)
            .map(|step| look.at_work(step, now, turn))
            .collect();
        lines.push(look.status(progress, now, waiting));
        self.lines.show(&lines);
    }

    /// Takes the live part away.
    pub(super) fn finish(&mut self) {
        self.lines.finish();
    }
}
