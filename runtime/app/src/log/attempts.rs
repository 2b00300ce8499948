//! Which attempts' logs a query asks for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coracle_host::log::{Only, Start, Stream};
use coracle_model::{Attempt, AttemptNumber, EventCursor, RunId, TaskPath, TaskRecord, TaskState};
use coracle_store::{Home, Store};

use super::piece::{AttemptLog, AttemptName, Reading};
use crate::error::AppError;
use crate::runs::{find_run, find_task};
use crate::view::{LogQuery, LogStream};

/// What a query asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) run: RunId,
    pub(super) home: Home,
    pub(super) step: Option<TaskPath>,
    /// One attempt alone; the last one, and those to come, otherwise.
    pub(super) number: Option<AttemptNumber>,
    pub(super) logs: Vec<AttemptLog>,
    pub(super) reading: Reading,
    /// Whether nothing can be added any more.
    pub(super) over: bool,
    /// The place in the event log at which this was so.
    pub(super) as_of: EventCursor,
}

impl Wanted {
    /// Whether there can only be one attempt, so that no header has to say which.
    pub(super) fn is_one(&self) -> bool {
        self.number.is_some() || (self.step.is_some() && self.over)
    }

    /// Whether an attempt that begins from now on is asked for.
    pub(super) fn admits(&self, name: &AttemptName) -> bool {
        self.step.as_ref().is_none_or(|step| *step == name.step)
            && self.number.is_none_or(|number| number == name.number)
    }
}

/// The directory of an attempt's log.
pub(super) fn directory(home: &Home, run: RunId, name: &AttemptName) -> PathBuf {
    home.attempt_dir(run, &name.step, name.number).join("log")
}

pub(super) fn wanted(
    store: &Store,
    home: &Home,
    name: &str,
    query: &LogQuery,
) -> Result<Wanted, AppError> {
    if query.attempt.is_some() && query.step.is_none() {
        return Err(AppError::request(
            "an attempt is named without its step",
            "name the step too: `--step STEP`",
        ));
    }
    let run = find_run(store, name)?;
    // Before the rest: what happens while it is read is read again.
    let as_of = store.last_cursor()?;
    let tasks = store.tasks(run)?;
    let state = store.run(run)?.ok_or_else(|| AppError::no_run(name))?.state;
    let paths = tasks.iter().map(|task| &task.path);
    let step = query
        .step
        .as_ref()
        .map(|step| find_task(run, paths, step))
        .transpose()?;
    let attempts = chosen(store.attempts(run)?, step.as_ref(), query.attempt);
    let task = step
        .as_ref()
        .and_then(|step| tasks.iter().find(|task| task.path == *step));
    let over = state.is_final() || task.is_some_and(|task| task.state.is_final());
    if let Some(task) = task {
        explain_nothing(task, &attempts, query, over)?;
    }
    let logs = attempts
        .iter()
        .map(|attempt| log_of(home, attempt))
        .collect();
    let reading = Reading {
        start: query.tail.map_or(Start::Record(0), Start::Tail),
        only: only(query.stream),
    };
    Ok(Wanted {
        run,
        home: home.clone(),
        step,
        number: query.attempt,
        logs,
        reading,
        over,
        as_of,
    })
}

/// The attempt that was named, or the last one of each step, in the order in which they began.
fn chosen(
    attempts: Vec<Attempt>,
    step: Option<&TaskPath>,
    number: Option<AttemptNumber>,
) -> Vec<Attempt> {
    let mut chosen: BTreeMap<TaskPath, Attempt> = BTreeMap::new();
    for attempt in attempts {
        let wanted = step.is_none_or(|step| *step == attempt.path)
            && number.is_none_or(|number| number == attempt.number);
        let newer = chosen
            .get(&attempt.path)
            .is_none_or(|known| known.number < attempt.number);
        if wanted && newer {
            chosen.insert(attempt.path.clone(), attempt);
        }
    }
    let mut chosen: Vec<Attempt> = chosen.into_values().collect();
    chosen.sort_by(|one, other| {
        one.started_at
            .cmp(&other.started_at)
            .then_with(|| one.path.cmp(&other.path))
    });
    chosen
}

/// Says why a step has no log to show, when it has none and will have none.
fn explain_nothing(
    task: &TaskRecord,
    attempts: &[Attempt],
    query: &LogQuery,
    over: bool,
) -> Result<(), AppError> {
    if !attempts.is_empty() || (query.follow && !over) {
        return Ok(());
    }
    if let Some(number) = query.attempt {
        let hint = "leave `--attempt` out for the last one".to_owned();
        return Err(AppError::NotFound {
            what: "attempt",
            name: format!("{number}` of `{}", task.path),
            hint,
        });
    }
    let (why, hint) = if task.cached {
        (
            "its results were taken from an earlier run",
            Some("`coracle why` names that run; its log is there"),
        )
    } else if task.state == TaskState::Skipped {
        ("it was skipped", None)
    } else {
        ("no attempt was made at it", None)
    };
    Err(AppError::Nothing {
        message: format!("`{}` has no log: {why}", task.path),
        hint: hint.map(str::to_owned),
    })
}

fn log_of(home: &Home, attempt: &Attempt) -> AttemptLog {
    let name = AttemptName {
        step: attempt.path.clone(),
        number: attempt.number,
    };
    AttemptLog {
        directory: directory(home, attempt.run, &name),
        over: attempt.state.is_final(),
        name,
    }
}

fn only(stream: Option<LogStream>) -> Only {
    match stream {
        None => Only::Both,
        Some(LogStream::Stdout) => Only::Stream(Stream::Stdout),
        Some(LogStream::Stderr) => Only::Stream(Stream::Stderr),
    }
}
