//! What can change, and what of it is an event.

use coracle_model::{
    Artifact, Attempt, EventKind, Failure, Fingerprint, PipelineName, RunId, RunState, TaskPath,
    TaskRecord, Timestamp,
};

use crate::database::{Refusal, Writing};

/// One change to what is remembered. Changes that belong together are recorded together.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A run takes a state; an event when the state or the failure is another than before.
    Run {
        /// The run.
        run: RunId,
        /// Its state from now on.
        state: RunState,
        /// Why it failed, when it did.
        failure: Option<Failure>,
        /// When it ended, when it did.
        finished_at: Option<Timestamp>,
    },
    /// A task as it is from now on; an event when its state, `cached` or reason is another than before.
    Task(Box<TaskRecord>),
    /// An attempt as it is from now on; an event when its state is another than before.
    Attempt(Box<Attempt>),
    /// What a task's fingerprint is made of; replaces what was recorded for that task.
    CacheKey {
        /// The run.
        run: RunId,
        /// The task.
        path: TaskPath,
        /// What the step is found by.
        fingerprint: Fingerprint,
        /// The parts of the key, as JSON.
        document: String,
    },
    /// A step that succeeded and whose outputs later runs may take.
    CacheEntry {
        /// The pipeline that may.
        pipeline: PipelineName,
        /// What the step is found by; the same as in the task's record.
        fingerprint: Fingerprint,
        /// The run.
        run: RunId,
        /// The task, recorded as succeeded.
        path: TaskPath,
    },
    /// A task made or read an artifact. The artifact is stored when its number is new.
    Artifact {
        /// The artifact, with its number.
        artifact: Box<Artifact>,
        /// The run.
        run: RunId,
        /// The task.
        path: TaskPath,
        /// The name of the input or output.
        key: String,
        /// Which of the two.
        direction: Direction,
    },
    /// Tasks that begin anew in the same run: their rows, cache keys and cache entries go, their attempts stay.
    RemoveTasks {
        /// The run.
        run: RunId,
        /// The tasks; those inside them have to be named, too.
        paths: Vec<TaskPath>,
    },
    /// Something the user should know; always an event.
    Notice {
        /// The run.
        run: RunId,
        /// The task it is about, when it is about one.
        path: Option<TaskPath>,
        /// What to know.
        message: String,
    },
}

/// What a task did with an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// It made it, or took it from the cache as its own.
    Produced,
    /// It was given it.
    Read,
}

impl Change {
    /// Writes the rows of this change and tells what there is to say of it.
    pub(crate) fn apply(
        &self,
        writing: &Writing<'_>,
        at: Timestamp,
    ) -> Result<Option<(RunId, EventKind)>, Refusal> {
        match self {
            Self::Run {
                run,
                state,
                failure,
                finished_at,
            } => {
                let changed =
                    writing.change_run(*run, *state, failure.as_ref(), *finished_at, at)?;
                Ok(changed.then(|| {
                    (
                        *run,
                        EventKind::Run {
                            state: *state,
                            failure: failure.clone(),
                        },
                    )
                }))
            }
            Self::Task(task) => Ok(writing
                .put_task(task)?
                .then(|| (task.run, task_event(task)))),
            Self::Attempt(attempt) => Ok(writing
                .put_attempt(attempt)?
                .then(|| (attempt.run, attempt_event(attempt)))),
            Self::CacheKey {
                run,
                path,
                fingerprint,
                document,
            } => {
                writing.put_cache_key(*run, path, fingerprint, document)?;
                Ok(None)
            }
            Self::CacheEntry {
                pipeline,
                fingerprint,
                run,
                path,
            } => {
                writing.add_cache_entry(pipeline, fingerprint, *run, path)?;
                Ok(None)
            }
            Self::Artifact {
                artifact,
                run,
                path,
                key,
                direction,
            } => {
                let id = writing.put_artifact(artifact, key, at)?;
                writing.add_lineage(id, *run, path, key, *direction)?;
                Ok(None)
            }
            Self::RemoveTasks { run, paths } => {
                for path in paths {
                    writing.remove_task(*run, path)?;
                }
                Ok(None)
            }
            Self::Notice { run, path, message } => Ok(Some((
                *run,
                EventKind::Notice {
                    path: path.clone(),
                    message: message.clone(),
                },
            ))),
        }
    }
}

fn task_event(task: &TaskRecord) -> EventKind {
    EventKind::Task {
        path: task.path.clone(),
        state: task.state,
        cached: task.cached,
        reason: task.reason.clone(),
    }
}

fn attempt_event(attempt: &Attempt) -> EventKind {
    EventKind::Attempt {
        path: attempt.path.clone(),
        number: attempt.number,
        state: attempt.state,
        failure: attempt.failure.clone(),
    }
}
