//! One run, its tasks, and how it ended.

use std::collections::HashMap;

use coracle_model::{EventCursor, EventKind, RunId, TaskPath};
use coracle_plan::AdmissionId;
use coracle_spec::pipeline;
use coracle_store::Store;

use super::find::{find_run, read_run};
use super::present;
use crate::error::AppError;
use crate::stage::Stage;
use crate::view::{self, DefinitionFormat, Notice, Run, RunResult, TaskList, Waiting};
use crate::workbench::Workbench;

/// Events that are read at once.
const EVENTS: usize = 1000;

impl Workbench {
    /// One run, by its id or a unique beginning of it.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn run(&self, name: String) -> Result<Run, AppError> {
        let mut run = self.ask_store(move |store| show(store, &name)).await?;
        if !run.state.is_final() {
            run.waiting = self.waiting_steps(run.run_id).await;
        }
        Ok(run)
    }

    /// The definition of a run, as it was written or as JSON.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn definition(
        &self,
        name: String,
        format: DefinitionFormat,
    ) -> Result<String, AppError> {
        self.ask_store(move |store| {
            let text = read_run(store, &name)?.request.definition;
            Ok(match format {
                DefinitionFormat::Text => text,
                // What was made into a run holds a pipeline.
                DefinitionFormat::Json => pipeline::to_json(&text).unwrap_or(text),
            })
        })
        .await
    }

    /// The tasks of a run, with the attempts made at them, in the order in which they began.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn tasks(&self, name: String) -> Result<TaskList, AppError> {
        self.ask_store(move |store| tasks(store, &name)).await
    }

    /// How a run ended, or how far it is.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn result(&self, name: String) -> Result<RunResult, AppError> {
        self.ask_store(move |store| result(store, &name)).await
    }

    async fn waiting_steps(&self, run: RunId) -> Vec<Waiting> {
        let Stage::Working(working) = self.inner.stage.borrow().clone() else {
            return Vec::new();
        };
        // A workbench that is shutting down lets nothing in any more.
        let waiting = working.control.waiting(run).await.unwrap_or_default();
        waiting
            .into_iter()
            .filter_map(|waiting| match waiting.id {
                AdmissionId::Step { task, .. } => Some(Waiting {
                    task,
                    reason: waiting.reason,
                }),
                AdmissionId::Pod(_) => None,
            })
            .collect()
    }
}

fn show(store: &Store, name: &str) -> Result<Run, AppError> {
    let record = read_run(store, name)?;
    let root = store.task(record.id, &TaskPath::root())?;
    let notices = notices(store, record.id)?;
    Ok(Run {
        notices,
        ..present::run(record, root.as_ref())
    })
}

fn notices(store: &Store, run: RunId) -> Result<Vec<Notice>, AppError> {
    let mut notices = Vec::new();
    let mut cursor = EventCursor::default();
    loop {
        let events = store.events_after(cursor, Some(run), EVENTS)?;
        let Some(last) = events.last() else {
            return Ok(notices);
        };
        cursor = last.cursor;
        let complete = events.len() < EVENTS;
        notices.extend(events.into_iter().filter_map(|event| match event.kind {
            EventKind::Notice { path, message } => Some(Notice {
                at: event.at,
                task: path,
                message,
            }),
            EventKind::Run { .. }
            | EventKind::Task { .. }
            | EventKind::Attempt { .. }
            | EventKind::Metrics { .. } => None,
        }));
        if complete {
            return Ok(notices);
        }
    }
}

fn tasks(store: &Store, name: &str) -> Result<TaskList, AppError> {
    let run = find_run(store, name)?;
    let mut attempts: HashMap<TaskPath, Vec<view::Attempt>> = HashMap::new();
    for attempt in store.attempts(run)? {
        attempts
            .entry(attempt.path.clone())
            .or_default()
            .push(present::attempt(attempt));
    }
    let mut records = store.tasks(run)?;
    present::in_order(&mut records);
    let tasks = records.into_iter().map(|record| {
        let mut attempts = attempts.remove(&record.path).unwrap_or_default();
        attempts.sort_by_key(|attempt| attempt.number);
        present::task(record, attempts)
    });
    Ok(TaskList {
        tasks: tasks.collect(),
    })
}

fn result(store: &Store, name: &str) -> Result<RunResult, AppError> {
    let record = read_run(store, name)?;
    let mut attempts: HashMap<TaskPath, usize> = HashMap::new();
    for attempt in store.attempts(record.id)? {
        *attempts.entry(attempt.path).or_default() += 1;
    }
    let mut records = store.tasks(record.id)?;
    present::in_order(&mut records);
    let root = records.iter().find(|task| task.path.is_root());
    let outputs = root
        .map(|root| present::plain_outputs(&root.outputs))
        .unwrap_or_default();
    let tasks = records
        .into_iter()
        .filter(present::is_in_result)
        .map(|task| {
            let attempts = attempts.get(&task.path).copied().unwrap_or_default();
            present::result_task(task, attempts)
        });
    Ok(RunResult {
        run_id: record.id,
        state: record.state,
        outputs,
        tasks: tasks.collect(),
    })
}
