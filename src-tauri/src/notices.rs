//! Which runs people are told of when they end: those that failed, and those that took so long that nobody watched.

use std::collections::BTreeSet;
use std::time::Duration;

use coracle_app::view::RunSummary;
use coracle_model::{FailureCode, RunId, RunState, Timestamp};

/// A run that takes longer than this is not waited for in front of the window.
const LONG: Duration = Duration::from_secs(60);

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The run it is about.
    pub(crate) run: RunId,
    /// What happened.
    pub(crate) title: String,
    /// More about it.
    pub(crate) text: String,
}

/// Knows which runs had ended before.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// What was seen last; none before the first look.
    seen: Option<Seen>,
}

/// The ends that were seen, and the last of them: where runs are removed, older ones come into sight.
#[derive(Debug, Default)]
struct Seen {
    ends: BTreeSet<End>,
    last: Option<Timestamp>,
}

/// A run that is begun anew where it failed ends more than once.
type End = (RunId, Option<Timestamp>);

impl Notices {
    /// What to tell now that these runs are the last ones that ended. What had ended before the first look is no news.
    pub(crate) fn of(&mut self, ended: &[RunSummary]) -> Vec<Notice> {
        let ends: BTreeSet<End> = ended.iter().map(end_of).collect();
        let last = ends.iter().filter_map(|(_, at)| *at).max();
        let before = self.seen.take();
        self.seen = Some(Seen {
            last: last.max(before.as_ref().and_then(|before| before.last)),
            ends,
        });
        let Some(before) = before else {
            return Vec::new();
        };
        let news = ended
            .iter()
            .filter(|run| run.finished_at >= before.last && !before.ends.contains(&end_of(run)));
        // The first that ended is told first.
        news.rev().filter_map(notice).collect()
    }
}

fn end_of(run: &RunSummary) -> End {
    (run.run_id, run.finished_at)
}

fn notice(run: &RunSummary) -> Option<Notice> {
    let took = run
        .finished_at
        .map(|end| end.duration_since(run.created_at).unsigned_abs())
        .unwrap_or_default();
    let (what, text) = match (run.state, &run.failure) {
        // Who stops a run knows.
        (RunState::Failed, Some(failure)) if failure.code == FailureCode::Canceled => return None,
        (RunState::Failed, Some(failure)) => ("failed", failure.message.clone()),
        (RunState::Failed, None) => ("failed", String::new()),
        (RunState::Succeeded, _) if took > LONG => {
            ("succeeded", format!("It took {}.", in_words(took)))
        }
        (RunState::Succeeded | RunState::Pending | RunState::Running | RunState::Canceling, _) => {
            return None;
        }
    };
    Some(Notice {
        run: run.run_id,
        title: format!("{} {what}", run.display_name),
        text,
    })
}

fn in_words(took: Duration) -> String {
    let minutes = took.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 1) => "1 minute".to_owned(),
        (0, minutes) => format!("{minutes} minutes"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run of some number that took so many seconds, or still runs.
    pub(crate) fn run(number: u8, state: RunState, seconds: i64) -> RunSummary {
        let ended = matches!(state, RunState::Succeeded | RunState::Failed);
        serde_json::from_value(serde_json::json!({
            "run_id": format!("00000000-0000-4000-8000-0000000000{number:02x}"),
            "pipeline": "train",
            "display_name": format!("run {number}"),
            "state": state,
            "engine": "process",
            "failure": (state == RunState::Failed).then(|| serde_json::json!({
                "code": "exit_code", "message": "`train` ended with 1",
            })),
            "created_at": "2026-01-01T00:00:00Z",
            "finished_at": ended.then(|| {
                jiff::Timestamp::from_second(1_767_225_600 + seconds).unwrap().to_string()
            }),
        }))
        .unwrap()
    }

    fn titles(notices: &mut Notices, ended: &[RunSummary]) -> Vec<String> {
        let told = notices.of(ended);
        told.into_iter().map(|notice| notice.title).collect()
    }

    #[test]
    fn what_ended_before_is_no_news() {
        let mut notices = Notices::default();
        let failed = run(1, RunState::Failed, 1);
        assert!(titles(&mut notices, std::slice::from_ref(&failed)).is_empty());
        assert!(titles(&mut notices, &[failed]).is_empty());
    }

    #[test]
    fn failed_and_long_runs_are_told_once_and_in_order() {
        let mut notices = Notices::default();
        notices.of(&[]);
        let short = run(1, RunState::Succeeded, 60);
        let long = run(2, RunState::Succeeded, 61);
        let failed = run(3, RunState::Failed, 1);
        let ended = [failed, long, short];
        assert_eq!(
            titles(&mut notices, &ended),
            ["run 2 succeeded", "run 3 failed"]
        );
        assert!(titles(&mut notices, &ended).is_empty());
    }

    #[test]
    fn an_old_run_that_comes_into_sight_is_no_news() {
        let mut notices = Notices::default();
        notices.of(&[run(2, RunState::Failed, 9)]);
        assert!(notices.of(&[run(1, RunState::Failed, 5)]).is_empty());
        assert!(notices.of(&[]).is_empty());
        assert!(notices.of(&[run(1, RunState::Failed, 5)]).is_empty());
    }

    #[test]
    fn a_run_that_fails_again_is_news() {
        let mut notices = Notices::default();
        notices.of(&[run(1, RunState::Failed, 5)]);
        assert_eq!(
            titles(&mut notices, &[run(1, RunState::Failed, 9)]),
            ["run 1 failed"]
        );
    }

    #[test]
    fn a_notice_says_why_or_how_long() {
        let told = |run: &RunSummary| notice(run).unwrap().text;
        assert_eq!(told(&run(1, RunState::Failed, 1)), "`train` ended with 1");
        assert_eq!(told(&run(1, RunState::Succeeded, 61)), "It took 1 minute.");
        assert_eq!(
            told(&run(1, RunState::Succeeded, 600)),
            "It took 10 minutes."
        );
        assert_eq!(
            told(&run(1, RunState::Succeeded, 7500)),
            "It took 2 h 5 min."
        );
    }

    #[test]
    fn who_stops_a_run_knows() {
        let mut stopped = run(1, RunState::Failed, 1);
        stopped.failure.as_mut().unwrap().code = FailureCode::Canceled;
        assert_eq!(notice(&stopped), None);
    }
}
