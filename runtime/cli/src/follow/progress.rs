//! What is known of a run from its events, and which of it is news.

use std::collections::{BTreeMap, HashMap};

use coracle_app::view::Event;
use coracle_model::{
    AttemptNumber, EventKind, Failure, FailureCode, RunState, TaskPath, TaskState, Timestamp,
};
use jiff::SignedDuration;

/// Something to tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tiding {
    /// How long after the beginning it happened.
    pub(crate) at: SignedDuration,
    /// What happened.
    pub(crate) news: News,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum News {
    /// A step, or what has nothing in it, has ended.
    Ended {
        /// Which.
        path: TaskPath,
        /// How.
        state: TaskState,
        /// How its outputs came to be.
        effort: Effort,
        /// Why it failed or was skipped.
        reason: Option<Failure>,
    },
    /// An attempt failed and another one began.
    TriedAgain {
        /// Which step.
        path: TaskPath,
        /// The attempt that began.
        attempt: AttemptNumber,
        /// Why the one before it failed.
        failure: Option<Failure>,
    },
    /// Something to know that is no failure.
    Notice {
        /// What it is about.
        path: Option<TaskPath>,
        /// What to know.
        message: String,
    },
}

/// How a task's outputs came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// It ran for so long.
    Ran(SignedDuration),
    /// Nothing was run: its results were there already.
    Cached,
    /// It never began.
    None,
}

/// A step at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AtWork {
    /// Which.
    pub(crate) path: TaskPath,
    /// Since when.
    pub(crate) since: Timestamp,
    /// Which attempt it is.
    pub(crate) attempt: AttemptNumber,
}

/// What is known of a run.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    began_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    state: Option<RunState>,
    tasks: HashMap<TaskPath, Seen>,
    at_work: BTreeMap<TaskPath, AtWork>,
    done: usize,
}

/// What is known of a task.
#[derive(Debug, Default)]
struct Seen {
    state: Option<TaskState>,
    started_at: Option<Timestamp>,
    last_failure: Option<Failure>,
    /// Tasks were seen inside it: it is no step.
    contains: bool,
}

impl Progress {
    /// Takes in an event and returns what is news to people.
    pub(crate) fn apply(&mut self, event: &Event) -> Option<Tiding> {
        let began_at = *self.began_at.get_or_insert(event.at);
        self.last_at = Some(event.at);
        let news = match &event.what {
            EventKind::Run { state, .. } => {
                self.state = Some(*state);
                None
            }
            EventKind::Task {
                path,
                state,
                cached,
                reason,
            } => self.task(path, *state, *cached, reason.as_ref(), event.at),
            EventKind::Attempt {
                path,
                number,
                state,
                failure,
            } => self.attempt(path, *number, *state, failure.as_ref(), event.at),
            // They are asked for where they are wanted; between the steps they would be noise.
            EventKind::Metrics { .. } => None,
            EventKind::Notice { path, message } => Some(News::Notice {
                path: path.clone(),
                message: message.clone(),
            }),
        };
        Some(Tiding {
            at: event.at.duration_since(began_at),
            news: news?,
        })
    }

    /// The run's state, once it is known.
    pub(crate) fn state(&self) -> Option<RunState> {
        self.state
    }

    /// When the first event was recorded.
    pub(crate) fn began_at(&self) -> Option<Timestamp> {
        self.began_at
    }

    /// The steps at work, by path.
    pub(crate) fn at_work(&self) -> impl Iterator<Item = &AtWork> {
        self.at_work.values()
    }

    /// How many steps are over.
    pub(crate) fn done(&self) -> usize {
        self.done
    }

    /// How many steps are known that have not begun; those of loops and conditions become known as they come.
    pub(crate) fn to_come(&self) -> usize {
        self.tasks
            .values()
            .filter(|seen| seen.state == Some(TaskState::Pending) && !seen.contains)
            .count()
    }

    /// How long the run has taken so far.
    pub(crate) fn took(&self) -> SignedDuration {
        self.began_at
            .zip(self.last_at)
            .map_or(SignedDuration::ZERO, |(began, last)| {
                last.duration_since(began)
            })
    }

    /// Whether a container of this step was ever started, so that there is a log.
    pub(crate) fn has_log(&self, path: &TaskPath) -> bool {
        self.tasks
            .get(path)
            .is_some_and(|seen| seen.started_at.is_some() && !seen.contains)
    }

    fn task(
        &mut self,
        path: &TaskPath,
        state: TaskState,
        cached: bool,
        reason: Option<&Failure>,
        at: Timestamp,
    ) -> Option<News> {
        if path.is_root() {
            return None;
        }
        self.inside_its_parents(path);
        let seen = self.tasks.entry(path.clone()).or_default();
        let before = seen.state.replace(state);
        if !state.is_final() {
            if before.is_some_and(TaskState::is_final) {
                // The run is retried; what was is not counted again.
                *seen = Seen {
                    state: Some(state),
                    contains: seen.contains,
                    ..Seen::default()
                };
            }
            if state == TaskState::Running {
                seen.started_at.get_or_insert(at);
            }
            return None;
        }
        self.at_work.remove(path);
        if before == Some(state) || !worth_telling(seen, state, reason) {
            return None;
        }
        self.done += 1;
        let effort = match (cached, seen.started_at) {
            (true, _) => Effort::Cached,
            (false, Some(started_at)) => Effort::Ran(at.duration_since(started_at)),
            (false, None) => Effort::None,
        };
        Some(News::Ended {
            path: path.clone(),
            state,
            effort,
            reason: reason.cloned(),
        })
    }

    fn attempt(
        &mut self,
        path: &TaskPath,
        number: AttemptNumber,
        state: TaskState,
        failure: Option<&Failure>,
        at: Timestamp,
    ) -> Option<News> {
        self.inside_its_parents(path);
        let seen = self.tasks.entry(path.clone()).or_default();
        if state.is_final() {
            self.at_work.remove(path);
            seen.last_failure = failure.cloned();
            return None;
        }
        seen.started_at.get_or_insert(at);
        let at_work = AtWork {
            path: path.clone(),
            since: at,
            attempt: number,
        };
        self.at_work.insert(path.clone(), at_work);
        let failure = seen.last_failure.take()?;
        Some(News::TriedAgain {
            path: path.clone(),
            attempt: number,
            failure: Some(failure),
        })
    }

    /// Events do not say what a task is made of. What has tasks inside is no step, and theirs come first.
    fn inside_its_parents(&mut self, path: &TaskPath) {
        let mut parent = path.parent();
        while let Some(path) = parent.filter(|path| !path.is_root()) {
            let seen = self.tasks.entry(path.clone()).or_default();
            if std::mem::replace(&mut seen.contains, true) {
                break;
            }
            parent = path.parent();
        }
    }
}

/// Whether people want to hear of the end of a task. The end of a loop says nothing that its steps did not, and
/// of a cancelled run only what was at work ends.
fn worth_telling(seen: &Seen, state: TaskState, reason: Option<&Failure>) -> bool {
    match state {
        TaskState::Succeeded | TaskState::Skipped => !seen.contains,
        TaskState::Failed => {
            !seen.contains || reason.is_some_and(|reason| reason.code != FailureCode::TaskFailed)
        }
        TaskState::Canceled => !seen.contains && seen.started_at.is_some(),
        TaskState::Pending | TaskState::Running => false,
    }
}

#[cfg(test)]
mod tests {
    use coracle_model::{EventCursor, RunId};

    use super::*;

    /// Events of one run, a second apart.
    fn tell(events: impl IntoIterator<Item = EventKind>) -> (Progress, Vec<Tiding>) {
        let mut progress = Progress::default();
        let run_id = RunId::random();
        let events = events.into_iter().zip(0..).map(|(what, second)| Event {
            cursor: EventCursor(second),
            at: Timestamp::from_second(1_000 + second).unwrap(),
            run_id,
            what,
        });
        let tidings = events
            .collect::<Vec<_>>()
            .iter()
            .filter_map(|event| progress.apply(event))
            .collect();
        (progress, tidings)
    }

    fn task(path: &str, state: TaskState) -> EventKind {
        EventKind::Task {
            path: path.into(),
            state,
            cached: false,
            reason: None,
        }
    }

    fn attempt(path: &str, number: u32, state: TaskState, failure: Option<&Failure>) -> EventKind {
        EventKind::Attempt {
            path: path.into(),
            number: AttemptNumber(number),
            state,
            failure: failure.cloned(),
        }
    }

    use TaskState::{Canceled, Failed, Pending, Running, Succeeded};

    #[test]
    fn steps_are_told_with_what_they_took_and_loops_are_not() {
        let events = [
            task("", Running),
            task("loop", Running),
            task("loop[0]", Running),
            task("loop[0]/train", Running),
            attempt("loop[0]/train", 1, Running, None),
            attempt("loop[0]/train", 1, Succeeded, None),
            task("loop[0]/train", Succeeded),
            task("loop[0]", Succeeded),
            task("loop", Succeeded),
            task("", Succeeded),
        ];
        let (progress, tidings) = tell(events);
        let [
            Tiding {
                at,
                news: News::Ended { path, effort, .. },
            },
        ] = &tidings[..]
        else {
            panic!("{tidings:?}")
        };
        assert_eq!(path.as_str(), "loop[0]/train");
        assert_eq!(
            (*at, *effort),
            (
                SignedDuration::from_secs(6),
                Effort::Ran(SignedDuration::from_secs(3))
            )
        );
        assert_eq!((progress.done(), progress.at_work().count()), (1, 0));
        assert_eq!(progress.took(), SignedDuration::from_secs(9));
    }

    #[test]
    fn a_cached_step_ran_for_no_time() {
        let cached = EventKind::Task {
            path: "a".into(),
            state: Succeeded,
            cached: true,
            reason: None,
        };
        let (_, tidings) = tell([task("a", Pending), cached]);
        assert!(matches!(
            &tidings[..],
            [Tiding {
                news: News::Ended {
                    effort: Effort::Cached,
                    ..
                },
                ..
            }]
        ));
    }

    #[test]
    fn another_attempt_is_told_with_what_befell_the_one_before() {
        let failure = Failure::new(FailureCode::ExitCode, "ended with code 1");
        let events = [
            task("a", Running),
            attempt("a", 1, Running, None),
            attempt("a", 1, Failed, Some(&failure)),
            task("a", Pending),
            attempt("a", 2, Running, None),
        ];
        let (progress, tidings) = tell(events);
        let again = News::TriedAgain {
            path: "a".into(),
            attempt: AttemptNumber(2),
            failure: Some(failure),
        };
        assert_eq!(
            tidings
                .iter()
                .map(|tiding| &tiding.news)
                .collect::<Vec<_>>(),
            [&again]
        );
        assert_eq!(progress.at_work().next().unwrap().attempt, AttemptNumber(2));
    }

    #[test]
    fn the_end_of_a_cancelled_run_is_short() {
        let events = [
            task("running", Running),
            task("waiting", Pending),
            task("running", Canceled),
            task("waiting", Canceled),
            EventKind::Run {
                state: RunState::Failed,
                failure: None,
            },
        ];
        let (progress, tidings) = tell(events);
        assert_eq!(tidings.len(), 1);
        assert_eq!(progress.state(), Some(RunState::Failed));
    }

    #[test]
    fn a_loop_over_nothing_and_a_condition_that_fails_are_told() {
        let failed = |code| EventKind::Task {
            path: "condition-1".into(),
            state: Failed,
            cached: false,
            reason: Some(Failure::new(code, "why")),
        };
        assert_eq!(
            tell([task("loop", Running), task("loop", Succeeded)])
                .1
                .len(),
            1
        );
        assert_eq!(
            tell([
                task("condition-1/a", Failed),
                failed(FailureCode::BadExpression)
            ])
            .1
            .len(),
            2
        );
        assert_eq!(
            tell([
                task("condition-1/a", Failed),
                failed(FailureCode::TaskFailed)
            ])
            .1
            .len(),
            1
        );
    }

    #[test]
    fn what_a_retry_begins_again_is_told_again() {
        let (_, tidings) = tell([
            task("a", Running),
            task("a", Failed),
            task("a", Running),
            task("a", Succeeded),
        ]);
        let [
            _,
            Tiding {
                news: News::Ended { effort, .. },
                ..
            },
        ] = &tidings[..]
        else {
            panic!("{tidings:?}")
        };
        assert_eq!(*effort, Effort::Ran(SignedDuration::from_secs(1)));
    }
}
