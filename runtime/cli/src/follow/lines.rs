//! Tidings as lines: `12.3s  train-svm  SUCCEEDED (0.8s)`.

use coracle_model::{AttemptNumber, Failure, RunState, TaskPath, TaskState, Timestamp};
use jiff::SignedDuration;

use super::progress::{AtWork, Effort, News, Progress, Tiding};
use crate::output::{Paint, of_task_state, seconds};

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether lines have colours.
    pub(crate) colour: bool,
    /// Whether the columns line up: on a terminal people look down them, in a pipe programs split them.
    pub(crate) columns: bool,
}

/// The room for a time at the beginning of a line: `59.9s`, `12m05s`.
const TIME_WIDTH: usize = 6;

/// The pictures of a spinner, eight a turn.
const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⢰", "⣠", "⣄", "⡆", "⠇"];

impl Look {
    /// The line for something that happened.
    pub(crate) fn tiding(self, tiding: &Tiding) -> String {
        match &tiding.news {
            News::Ended {
                path,
                state,
                effort,
                reason,
            } => {
                let word = self.paint(of_task_state(*state), state.as_str());
                let effort = match effort {
                    Effort::Ran(span) => format!(" ({})", seconds(*span)),
                    Effort::Cached => " (cached)".to_owned(),
                    Effort::None => String::new(),
                };
                let reason = reason
                    .as_ref()
                    .map(|reason| format!(": {}", self.reason_of(*state, reason)));
                let reason = reason.unwrap_or_default();
                self.line(
                    tiding.at,
                    path.as_str(),
                    &format!("{word}{}{reason}", self.paint(Paint::Dim, &effort)),
                )
            }
            News::TriedAgain {
                path,
                attempt,
                failure,
            } => self.tried_again(tiding.at, path, *attempt, failure.as_ref()),
            News::Notice { path, message } => {
                let subject = path.as_ref().map_or("note", TaskPath::as_str);
                self.line(tiding.at, subject, &self.paint(Paint::Warning, message))
            }
        }
    }

    /// The line for a step, or several, that have to wait.
    pub(crate) fn waiting(self, at: SignedDuration, subject: &str, reason: &str) -> String {
        self.line(
            at,
            subject,
            &format!("{} {reason}", self.paint(Paint::Dim, "waiting for room:")),
        )
    }

    /// What to try, under the line of a failed step.
    pub(crate) fn hint(self, hint: &str) -> String {
        format!("    {}: {hint}", self.paint(Paint::Busy, "hint"))
    }

    /// A line that a step wrote, under the line that tells of its failure.
    pub(crate) fn excerpt(self, line: &str) -> String {
        // A progress bar draws over itself; what stands at the end is what was to be seen.
        let last = line
            .trim_end_matches('\r')
            .rsplit('\r')
            .next()
            .unwrap_or_default();
        let text =
            console::strip_ansi_codes(last).replace(|c: char| c.is_control() && c != '\t', "");
        format!("    {} {text}", self.paint(Paint::Dim, "|"))
    }

    /// The live line of a step at work.
    pub(crate) fn at_work(self, step: &AtWork, now: Timestamp, turn: usize) -> String {
        let spinner = self.paint(Paint::Busy, SPINNER[turn % SPINNER.len()]);
        let span = self.paint(Paint::Dim, &seconds(now.duration_since(step.since)));
        let attempt = if step.attempt > AttemptNumber(1) {
            format!(", attempt {}", step.attempt)
        } else {
            String::new()
        };
        format!(
            "{:>TIME_WIDTH$}{spinner}  {}  {span}{}",
            "",
            step.path,
            self.paint(Paint::Dim, &attempt)
        )
    }

    /// The live line below the others.
    pub(crate) fn status(self, progress: &Progress, now: Timestamp, waiting: usize) -> String {
        let at = now.duration_since(progress.began_at().unwrap_or(now));
        let mut parts = vec![format!("{} done", progress.done())];
        let at_work = progress.at_work().count();
        parts.push(format!("{at_work} running"));
        let to_come = progress.to_come();
        if to_come > waiting {
            parts.push(format!("{} to come", to_come - waiting));
        }
        if waiting > 0 {
            parts.push(format!("{waiting} waiting for room"));
        }
        if progress.state() == Some(RunState::Canceling) {
            parts.push("cancelling".to_owned());
        }
        self.paint(
            Paint::Dim,
            &format!("{:>TIME_WIDTH$}  {}", seconds(at), parts.join(", ")),
        )
    }

    fn tried_again(
        self,
        at: SignedDuration,
        path: &TaskPath,
        attempt: AttemptNumber,
        failure: Option<&Failure>,
    ) -> String {
        let because = failure
            .map(|failure| format!(" after {}", self.reason(failure)))
            .unwrap_or_default();
        let word = self.paint(Paint::Warning, &format!("attempt {attempt}"));
        self.line(at, path.as_str(), &format!("{word}{because}"))
    }

    /// Being skipped or stopped is no failure, so its code says nothing.
    fn reason_of(self, state: TaskState, reason: &Failure) -> String {
        match state {
            TaskState::Skipped | TaskState::Canceled => reason.message.clone(),
            TaskState::Pending | TaskState::Running | TaskState::Succeeded | TaskState::Failed => {
                self.reason(reason)
            }
        }
    }

    fn reason(self, failure: &Failure) -> String {
        format!(
            "{}: {}",
            self.paint(Paint::Bold, failure.code.as_str()),
            failure.message
        )
    }

    fn line(self, at: SignedDuration, subject: &str, text: &str) -> String {
        let at = seconds(at);
        if self.columns {
            format!(
                "{}  {subject}  {text}",
                self.paint(Paint::Dim, &format!("{at:>TIME_WIDTH$}"))
            )
        } else {
            format!("{at}  {subject}  {text}")
        }
    }

    fn paint(self, paint: Paint, text: &str) -> String {
        if self.colour && !text.is_empty() {
            paint.wrap(text)
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use coracle_model::FailureCode;

    use super::*;

    const PIPE: Look = Look {
        colour: false,
        columns: false,
    };

    fn tiding(news: News) -> Tiding {
        Tiding {
            at: SignedDuration::from_millis(12_340),
            news,
        }
    }

    fn ended(state: TaskState, effort: Effort, reason: Option<Failure>) -> String {
        PIPE.tiding(&tiding(News::Ended {
            path: "train-svm".into(),
            state,
            effort,
            reason,
        }))
    }

    #[test]
    fn a_pipe_gets_plain_lines() {
        let ran = Effort::Ran(SignedDuration::from_millis(800));
        assert_eq!(
            ended(TaskState::Succeeded, ran, None),
            "12.3s  train-svm  SUCCEEDED (0.8s)"
        );
        assert_eq!(
            ended(TaskState::Succeeded, Effort::Cached, None),
            "12.3s  train-svm  SUCCEEDED (cached)"
        );
        let failure = Failure::new(FailureCode::ExitCode, "ended with code 1");
        let line = ended(TaskState::Failed, ran, Some(failure));
        assert_eq!(
            line,
            "12.3s  train-svm  FAILED (0.8s): exit_code: ended with code 1"
        );
        let condition = Failure::new(FailureCode::Canceled, "its condition is false");
        let line = ended(TaskState::Skipped, Effort::None, Some(condition));
        assert_eq!(line, "12.3s  train-svm  SKIPPED: its condition is false");
    }

    #[test]
    fn a_terminal_gets_columns_and_colours() {
        let look = Look {
            colour: true,
            columns: true,
        };
        let news = News::Ended {
            path: "a".into(),
            state: TaskState::Succeeded,
            effort: Effort::None,
            reason: None,
        };
        let line = look.tiding(&Tiding {
            at: SignedDuration::from_secs(3),
            news,
        });
        assert_eq!(line, "\x1b[2m  3.0s\x1b[0m  a  \x1b[32mSUCCEEDED\x1b[0m");
    }

    #[test]
    fn what_a_step_wrote_cannot_play_with_the_terminal() {
        assert_eq!(PIPE.excerpt("\x1b[31mred\x1b[0m\x07"), "    | red");
        assert_eq!(PIPE.excerpt(" 10%\r 50%\r100% done\r"), "    | 100% done");
    }

    #[test]
    fn notices_name_what_they_are_about() {
        let notice = |path: Option<&str>| {
            PIPE.tiding(&tiding(News::Notice {
                path: path.map(TaskPath::from),
                message: "look".to_owned(),
            }))
        };
        assert_eq!(notice(None), "12.3s  note  look");
        assert_eq!(notice(Some("a/b")), "12.3s  a/b  look");
    }
}
