//! What the tray offers, line by line.

use coracle_app::view::RunSummary;
use coracle_model::RunState;

use crate::activity::{Activity, SHOWN};

/// Characters of a run's name that a line shows.
const LONGEST_NAME: usize = 48;

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Show the window.
    Show,
    /// Show a run.
    Run(String),
    /// Show the form for a new run.
    NewRun,
    /// Tell of failed and long work, or stop to.
    Notify,
    /// Start at login, or stop to.
    Login,
    /// End.
    Quit,
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Something to read.
    Text(String),
    /// Something to choose.
    Choice(Choice, String),
    /// Something that is on or off.
    Switch(Choice, &'static str, bool),
    /// A line between.
    Between,
}

/// Which switches are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Switches {
    pub(crate) notifies: bool,
    pub(crate) at_login: bool,
}

/// The menu for what the workbench is at.
pub(crate) fn lines(activity: &Activity, switches: Switches) -> Vec<Line> {
    let choice = |choice, text: &str| Line::Choice(choice, text.to_owned());
    let mut lines = vec![
        choice(Choice::Show, "Open Coracle"),
        choice(Choice::NewRun, "New run…"),
        Line::Between,
        Line::Text(activity.line()),
    ];
    lines.extend(activity.open.iter().take(SHOWN).map(run_line));
    if !activity.ended.is_empty() {
        lines.push(Line::Between);
        lines.push(Line::Text("Last ended".to_owned()));
        lines.extend(activity.ended.iter().take(SHOWN).map(run_line));
    }
    lines.extend([
        Line::Between,
        Line::Switch(
            Choice::Notify,
            "Tell of failed and long runs",
            switches.notifies,
        ),
        Line::Switch(Choice::Login, "Start at login", switches.at_login),
        Line::Between,
        choice(Choice::Quit, "Quit"),
    ]);
    lines
}

fn run_line(run: &RunSummary) -> Line {
    let word = match run.state {
        RunState::Pending => "waiting",
        RunState::Running => "running",
        RunState::Canceling => "stopping",
        RunState::Succeeded => "succeeded",
        RunState::Failed => "failed",
    };
    let text = format!("{} · {word}", shortened(&run.display_name));
    Line::Choice(Choice::Run(run.run_id.to_string()), text)
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", name[..end].trim_end()),
        None => name.to_owned(),
    }
}

impl Choice {
    /// A word for it, as menus keep one for each item.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Show => "show".to_owned(),
            Self::Run(run) => format!("run {run}"),
            Self::NewRun => "new-run".to_owned(),
            Self::Notify => "notify".to_owned(),
            Self::Login => "login".to_owned(),
            Self::Quit => "quit".to_owned(),
        }
    }

    /// What a word stands for.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "show" => Self::Show,
            "new-run" => Self::NewRun,
            "notify" => Self::Notify,
            "login" => Self::Login,
            "quit" => Self::Quit,
            _ => Self::Run(word.strip_prefix("run ")?.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::tests::run;

    const OFF: Switches = Switches {
        notifies: false,
        at_login: false,
    };

    fn texts(activity: &Activity) -> Vec<String> {
        let text = |line| match line {
            Line::Text(text) | Line::Choice(_, text) => text,
            Line::Switch(_, text, on) => format!("{text}: {on}"),
            Line::Between => "-".to_owned(),
        };
        lines(activity, OFF).into_iter().map(text).collect()
    }

    #[test]
    fn a_quiet_workbench_says_so() {
        assert_eq!(
            texts(&Activity::default()),
            [
                "Open Coracle",
                "New run…",
                "-",
                "Nothing runs",
                "-",
                "Tell of failed and long runs: false",
                "Start at login: false",
                "-",
                "Quit",
            ]
        );
    }

    #[test]
    fn runs_are_told_with_their_states() {
        let activity = Activity {
            open: vec![run(1, RunState::Running, 0)],
            open_count: 7,
            ended: vec![run(2, RunState::Failed, 5), run(3, RunState::Succeeded, 5)],
            ..Activity::default()
        };
        let texts = texts(&activity);
        assert_eq!(
            texts[3..9],
            [
                "7 runs at work",
                "run 1 · running",
                "-",
                "Last ended",
                "run 2 · failed",
                "run 3 · succeeded",
            ]
        );
    }

    #[test]
    fn a_missing_engine_is_said_instead() {
        let trouble = Some("no engine answers".to_owned());
        let activity = Activity {
            trouble,
            ..Activity::default()
        };
        assert_eq!(texts(&activity)[3], "no engine answers");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = "ü".repeat(LONGEST_NAME + 1);
        assert_eq!(shortened(&name), format!("{}…", "ü".repeat(LONGEST_NAME)));
        assert_eq!(shortened("short"), "short");
    }

    #[test]
    fn every_choice_has_a_word() {
        for choice in [
            Choice::Show,
            Choice::Run("5f0c-1".to_owned()),
            Choice::NewRun,
            Choice::Notify,
            Choice::Login,
            Choice::Quit,
        ] {
            assert_eq!(Choice::of_word(&choice.word()), Some(choice));
        }
        assert_eq!(Choice::of_word("other"), None);
    }
}
