//! Lines on standard error: one after another, or, on a terminal, above lines that change while one looks.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Screen;

/// How often the live part is drawn: as often as a tenth of a second shows.
const DRAWS_A_SECOND: u8 = 10;

/// Lines that stay, and lines that change.
pub(crate) struct LiveLines {
    width: usize,
    live: Option<Live>,
}

struct Live {
    area: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl LiveLines {
    /// Lines on standard error.
    pub(crate) fn on_stderr(screen: Screen) -> Self {
        let live = screen.terminal.then(|| Live {
            area: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(
                DRAWS_A_SECOND,
            )),
            bars: Vec::new(),
        });
        Self {
            width: screen.width.unwrap_or(usize::MAX),
            live,
        }
    }

    /// Whether lines can change.
    pub(crate) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Adds a line that stays.
    pub(crate) fn line(&self, line: &str) {
        match &self.live {
            // A line that cannot be shown harms nobody; the same below.
            Some(live) => drop(live.area.println(line)),
            None => drop(std::io::Write::write_all(
                &mut std::io::stderr().lock(),
                format!("{line}\n").as_bytes(),
            )),
        }
    }

    /// Has the lines that change be these, where there are any.
    pub(crate) fn show(&mut self, lines: &[String]) {
        let Some(live) = &mut self.live else { return };
        while live.bars.len() > lines.len() {
            if let Some(bar) = live.bars.pop() {
                bar.finish_and_clear();
                live.area.remove(&bar);
            }
        }
        while live.bars.len() < lines.len() {
            let style = ProgressStyle::with_template("{msg}").expect("the template is sound");
            let bar = ProgressBar::new_spinner().with_style(style);
            live.bars.push(live.area.add(bar));
        }
        for (bar, line) in live.bars.iter().zip(lines) {
            bar.set_message(console::truncate_str(line, self.width, "…").into_owned());
            bar.tick();
        }
    }

    /// Takes the lines that change away.
    pub(crate) fn finish(&mut self) {
        self.show(&[]);
    }
}
