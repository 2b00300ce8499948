//! Where the lines of a run go: one after another, or above lines that change while one looks.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::lines::Look;
use super::progress::Progress;
use crate::output::Screen;

/// The most steps that are shown at work at once; the rest are counted.
const MOST_BARS: usize = 10;

/// How often the live part is drawn: as often as a tenth of a second shows.
const DRAWS_A_SECOND: u8 = 10;

/// Where the lines of a run go.
pub(crate) struct Display {
    /// How lines look.
    pub(super) look: Look,
    width: usize,
    live: Option<Live>,
}

/// Lines that change.
struct Live {
    area: MultiProgress,
    bars: Vec<ProgressBar>,
    turn: usize,
}

impl Display {
    /// A display on standard error.
    pub(crate) fn on_stderr(screen: Screen) -> Self {
        let look = Look {
            colour: screen.colour,
            columns: screen.terminal,
        };
        let live = screen.terminal.then(|| Live {
            area: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(
                DRAWS_A_SECOND,
            )),
            bars: Vec::new(),
            turn: 0,
        });
        Self {
            look,
            width: screen.width.unwrap_or(usize::MAX),
            live,
        }
    }

    /// Whether it wants to be drawn again and again.
    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Adds a line that stays.
    pub(super) fn line(&self, line: &str) {
        match &self.live {
            // A line that cannot be shown harms nobody; the same below.
            Some(live) => drop(live.area.println(line)),
            None => drop(std::io::Write::write_all(
                &mut std::io::stderr().lock(),
                format!("{line}\n").as_bytes(),
            )),
        }
    }

    /// Draws the live part.
    pub(super) fn draw(&mut self, progress: &Progress, now: Timestamp, waiting: usize) {
        let Some(live) = &mut self.live else { return };
        live.turn += 1;
        let (look, turn) = (self.look, live.turn);
        let mut lines: Vec<_> = progress
            .at_work()
            .take(MOST_BARS)
            .map(|step| look.at_work(step, now, turn))
            .collect();
        lines.push(look.status(progress, now, waiting));
        live.show(&lines, self.width);
    }

    /// Takes the live part away.
    pub(super) fn finish(&mut self) {
        if let Some(live) = &mut self.live {
            live.show(&[], self.width);
        }
    }
}

impl Live {
    fn show(&mut self, lines: &[String], width: usize) {
        while self.bars.len() > lines.len() {
            if let Some(bar) = self.bars.pop() {
                bar.finish_and_clear();
                self.area.remove(&bar);
            }
        }
        while self.bars.len() < lines.len() {
            let style = ProgressStyle::with_template("{msg}").expect("the template is sound");
            self.bars
                .push(self.area.add(ProgressBar::new_spinner().with_style(style)));
        }
        for (bar, line) in self.bars.iter().zip(lines) {
            bar.set_message(console::truncate_str(line, width, "…").into_owned());
            bar.tick();
        }
    }
}
