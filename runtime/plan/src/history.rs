//! What an earlier life of a run left: the workbench ended and began again, a failed run is retried, or a run
//! takes over the first part of another.
//!
//! A plan does not load states; it runs again from the beginning, and where a step would begin it finds here
//! what came of it. DAGs, loops and conditions follow from the steps and are decided anew.

use std::collections::HashMap;

use coracle_model::{
    Attempt, AttemptNumber, Failure, Outputs, Resources, TaskPath, TaskRecord, TaskState, Timestamp,
};

/// How a step ended before.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// Its outputs stand.
    Succeeded {
        /// Them.
        outputs: Outputs,
        /// Whether they came from the cache.
        cached: bool,
    },
    /// It failed for good.
    Failed(Failure),
    /// It was stopped with its run.
    Canceled(Failure),
}

/// What is known of one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Past {
    /// The end, when it has ended.
    pub finished: Option<Finished>,
    /// Its attempt that was at work, with what it holds of the machine.
    pub running: Option<(AttemptNumber, Resources)>,
    /// Failed attempts of this life of the run, which count against its retries.
    pub failed_attempts: u32,
    /// The number of the last attempt of any life.
    pub last_attempt: u32,
    /// When the last attempt ended.
    pub last_ended_at: Option<Timestamp>,
    /// When it first began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What is known of a run's steps.
#[derive(Debug, Clone, Default)]
pub struct History {
    steps: HashMap<TaskPath, Past>,
}

impl History {
    /// Nothing: a new run.
    pub fn none() -> Self {
        Self::default()
    }

    /// What the records of this very run say, for going on where it stood.
    pub fn of_run(tasks: &[TaskRecord], attempts: &[Attempt]) -> Self {
        let mut history = Self::default();
        for task in tasks.iter().filter(|task| task.kind.is_step()) {
            history.steps.insert(task.path.clone(), past_of(task));
        }
        for attempt in attempts {
            history
                .steps
                .entry(attempt.path.clone())
                .or_default()
                .add(attempt);
        }
        history
    }

    /// The same, for a retry: what succeeded stands, everything else begins anew with all its attempts.
    #[must_use]
    pub fn for_retry(mut self) -> Self {
        for past in self.steps.values_mut() {
            past.begin_new_life();
        }
        self
    }

    /// What succeeded in another run, taken over into a new one, but for the steps that `redo` names.
    #[must_use]
    pub fn taken_over(tasks: &[TaskRecord], redo: impl Fn(&TaskPath) -> bool) -> Self {
        let steps = tasks
            .iter()
            .filter(|task| {
                task.kind.is_step() && task.state == TaskState::Succeeded && !redo(&task.path)
            })
            .map(|task| {
                let finished = Finished::Succeeded {
                    outputs: task.outputs.clone(),
                    cached: true,
                };
                (
                    task.path.clone(),
                    Past {
                        finished: Some(finished),
                        ..Past::default()
                    },
                )
            })
            .collect();
        Self { steps }
    }

    /// Whether an attempt at this task, or at one inside it, was at work when the workbench ended.
    pub(crate) fn runs_below(&self, path: &TaskPath) -> bool {
        let below = |task: &TaskPath| {
            let rest = task.as_str().strip_prefix(path.as_str());
            path.is_root()
                || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
        };
        self.steps
            .iter()
            .any(|(task, past)| past.running.is_some() && below(task))
    }

    pub(crate) fn take(&mut self, path: &TaskPath) -> Option<Past> {
        self.steps.remove(path)
    }
}

fn past_of(task: &TaskRecord) -> Past {
    let reason = || {
        let unknown = || {
            Failure::new(
                coracle_model::FailureCode::Internal,
                "the reason was not recorded",
            )
        };
        task.reason.clone().unwrap_or_else(unknown)
    };
    let finished = match task.state {
        TaskState::Succeeded => Some(Finished::Succeeded {
            outputs: task.outputs.clone(),
            cached: task.cached,
        }),
        TaskState::Failed => Some(Finished::Failed(reason())),
        TaskState::Canceled if task.started_at.is_some() => Some(Finished::Canceled(reason())),
        TaskState::Canceled | TaskState::Pending | TaskState::Running | TaskState::Skipped => None,
    };
    Past {
        finished,
        started_at: task.started_at,
        ended_at: task.finished_at,
        ..Past::default()
    }
}

impl Past {
    fn add(&mut self, attempt: &Attempt) {
        self.last_attempt = self.last_attempt.max(attempt.number.0);
        match attempt.state {
            TaskState::Running | TaskState::Pending => {
                self.running = Some((attempt.number, attempt.resources.clone()));
            }
            TaskState::Failed if !attempt.before_retry => {
                self.failed_attempts += 1;
                self.last_ended_at = self.last_ended_at.max(attempt.finished_at);
            }
            TaskState::Failed | TaskState::Succeeded | TaskState::Skipped | TaskState::Canceled => {
            }
        }
    }

    fn begin_new_life(&mut self) {
        let stands = matches!(self.finished, Some(Finished::Succeeded { .. }));
        if !stands {
            *self = Self {
                last_attempt: self.last_attempt,
                ..Self::default()
            };
        }
    }
}
