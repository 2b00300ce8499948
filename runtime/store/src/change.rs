//! What can change, and what of it is an event.

use coracle_model::{
    Artifact, Attempt, EventKind, Failure, Fingerprint, PipelineName, RunId, RunState, TaskPath,
    TaskRecord, TaskState, Timestamp,
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
    /// A task as it is from now on; an event when its state, `cached` or reason is another than before. The
    /// success of a step is told after what it measured.
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
    /// The run that it is about.
    pub fn run(&self) -> RunId {
        match self {
            Self::Task(task) => task.run,
            Self::Attempt(attempt) => attempt.run,
            Self::Run { run, .. }
            | Self::CacheKey { run, .. }
            | Self::CacheEntry { run, .. }
            | Self::Artifact { run, .. }
            | Self::RemoveTasks { run, .. }
            | Self::Notice { run, .. } => *run,
        }
    }

    /// Writes the rows of this change and tells what there is to say of it.
    pub(crate) fn apply(
        &self,
        writing: &Writing<'_>,
        at: Timestamp,
    ) -> Result<Vec<(RunId, EventKind)>, Refusal> {
        match self {
            Self::Run {
                run,
                state,
                failure,
                finished_at,
            } => {
                let changed =
                    writing.change_run(*run, *state, failure.as_ref(), *finished_at, at)?;
                let kind = EventKind::Run {
                    state: *state,
                    failure: failure.clone(),
                };
                Ok(told_if(changed, *run, [kind]))
            }
            Self::Task(task) => {
                let changed = writing.put_task(task)?;
                Ok(told_if(changed, task.run, task_events(task)))
            }
            Self::Attempt(attempt) => {
                let changed = writing.put_attempt(attempt)?;
                Ok(told_if(changed, attempt.run, [attempt_event(attempt)]))
            }
            Self::CacheKey {
                run,
                path,
                fingerprint,
                document,
            } => {
                writing.put_cache_key(*run, path, fingerprint, document)?;
                Ok(Vec::new())
            }
            Self::CacheEntry {
                pipeline,
                fingerprint,
                run,
                path,
            } => {
                writing.add_cache_entry(pipeline, fingerprint, *run, path)?;
                Ok(Vec::new())
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
                Ok(Vec::new())
            }
            Self::RemoveTasks { run, paths } => {
                for path in paths {
                    writing.remove_task(*run, path)?;
                }
                Ok(Vec::new())
            }
            Self::Notice { run, path, message } => {
                let kind = EventKind::Notice {
                    path: path.clone(),
                    message: message.clone(),
                };
                Ok(vec![(*run, kind)])
            }
        }
    }
}

fn told_if(
    changed: bool,
    run: RunId,
    kinds: impl IntoIterator<Item = EventKind>,
) -> Vec<(RunId, EventKind)> {
    if !changed {
        return Vec::new();
    }
    kinds.into_iter().map(|kind| (run, kind)).collect()
}

fn task_events(task: &TaskRecord) -> impl Iterator<Item = EventKind> + use<'_> {
    let state = EventKind::Task {
        path: task.path.clone(),
        state: task.state,
        cached: task.cached,
        reason: task.reason.clone(),
    };
    // Who acts on the success has the metrics by then.
    metrics_events(task).chain([state])
}

/// What a step that succeeded has measured; empty metrics say nothing.
fn metrics_events(task: &TaskRecord) -> impl Iterator<Item = EventKind> + use<'_> {
    let tells = task.state == TaskState::Succeeded && task.kind.makes_artifacts();
    let outputs = tells.then_some(&task.outputs.artifacts);
    outputs
        .into_iter()
        .flatten()
        .flat_map(|(key, artifacts)| artifacts.iter().map(move |artifact| (key, artifact)))
        .filter(|(_, artifact)| {
            artifact.artifact_type.is_metrics() && !artifact.metadata.is_empty()
        })
        .map(|(key, artifact)| EventKind::Metrics {
            path: task.path.clone(),
            key: key.clone(),
            artifact: artifact.id,
            schema_title: artifact.artifact_type.schema_title.clone(),
            values: artifact.metadata.clone(),
        })
}

fn attempt_event(attempt: &Attempt) -> EventKind {
    EventKind::Attempt {
        path: attempt.path.clone(),
        number: attempt.number,
        state: attempt.state,
        failure: attempt.failure.clone(),
    }
}
