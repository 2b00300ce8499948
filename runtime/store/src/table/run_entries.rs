//! Runs as lists show them that are sorted and filtered: without the definition where it is another's.

use std::collections::HashMap;

use coracle_model::{
    Failure, ListQuery, Page, RunId, RunOrigin, RunState, StorageState, TaskKind, TaskPath,
    TaskState, Timestamp, Value,
};
use rusqlite::{OptionalExtension, Row, params_from_iter};

use super::runs::origin;
use crate::column::Columns;
use crate::error::StoreError;
use crate::listing::{Field, Listing};
use crate::store::Store;

/// A run as it stands in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEntry {
    /// Its id.
    pub id: RunId,
    /// The name people see.
    pub display_name: String,
    /// Where it comes from and where it belongs.
    pub origin: RunOrigin,
    /// The definition, unless it is that of a pipeline version.
    pub definition: Option<String>,
    /// Values for the pipeline's parameters.
    pub parameters: std::collections::BTreeMap<String, Value>,
    /// Where artifacts go instead of the default root.
    pub pipeline_root: Option<String>,
    /// Its state.
    pub state: RunState,
    /// Why it failed, once it has.
    pub failure: Option<Failure>,
    /// Whether it was put aside.
    pub storage: StorageState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A task as it stands in a list: without what went in and came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEntry {
    /// Where in the run.
    pub path: TaskPath,
    /// What it is made of.
    pub kind: TaskKind,
    /// The name people see.
    pub display_name: String,
    /// Its state.
    pub state: TaskState,
    /// Whether its outputs were taken from the cache.
    pub cached: bool,
    /// Why it failed, was skipped or is waiting.
    pub reason: Option<Failure>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

const LISTING: Listing = Listing {
    noun: "Run",
    table: "runs",
    columns: COLUMNS,
    tags: None,
    fields: &[
        Field::text("run_id", "id"),
        Field::text("id", "id"),
        Field::text("display_name", "display_name"),
        Field::text("name", "display_name"),
        Field::text("description", "description"),
        Field::text("experiment_id", "experiment"),
        Field::text("recurring_run_id", "recurring"),
        Field::text("pipeline_name", "pipeline"),
        Field::text("service_account", "service_account"),
        Field::text("namespace", "''"),
        Field::text("state", "state"),
        Field::text("status", STATUS),
        Field::text("storage_state", "storage"),
        Field::time("created_at", "created_at"),
        Field::time("scheduled_at", "ifnull(scheduled_at, created_at)"),
        Field::time("finished_at", "finished_at"),
    ],
};

/// The words that KFP's first API had for states.
const STATUS: &str = "CASE state WHEN 'PENDING' THEN 'Pending' WHEN 'RUNNING' THEN 'Running'
    WHEN 'CANCELING' THEN 'Terminating' WHEN 'SUCCEEDED' THEN 'Succeeded' ELSE 'Failed' END";

const COLUMNS: &str = "id, display_name, parameters, pipeline_root, state, failure, storage, created_at, finished_at,
    experiment, description, version, recurring, scheduled_at, service_account, recurring_index, brought,
    iif(version IS NULL, (SELECT body FROM texts WHERE texts.number = runs.definition), NULL) AS body";

impl Store {
    /// A page of runs.
    ///
    /// # Errors
    /// A field that runs do not have; when the database cannot be read.
    pub fn list_runs(&self, query: &ListQuery) -> Result<Page<RunEntry>, StoreError> {
        self.list(&LISTING, query, entry)
    }

    /// A run as it stands in a list.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run_entry(&self, run: RunId) -> Result<Option<RunEntry>, StoreError> {
        self.read("read a run", |reading| {
            reading
                .prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"))?
                .query_row([run.to_string()], entry)
                .optional()
        })
    }

    /// The states that runs were in, with when each began, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run_states(
        &self,
        runs: &[RunId],
    ) -> Result<HashMap<RunId, Vec<(Timestamp, RunState)>>, StoreError> {
        self.of_runs(
            runs,
            "SELECT runs.id AS run_id, at, run_states.state AS state
            FROM runs JOIN run_states ON run_states.run = runs.number WHERE",
            "ORDER BY run_states.rowid",
            |row| Ok((row.time("at")?, row.word("state")?)),
        )
    }

    /// The tasks of runs, in the order in which they were first recorded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn task_entries(
        &self,
        runs: &[RunId],
    ) -> Result<HashMap<RunId, Vec<TaskEntry>>, StoreError> {
        self.of_runs(
            runs,
            "SELECT runs.id AS run_id, path, kind, tasks.display_name AS display_name, tasks.state AS state,
                cached, reason, started_at, tasks.finished_at AS finished_at
            FROM runs JOIN tasks ON tasks.run = runs.number WHERE",
            "ORDER BY tasks.number",
            task,
        )
    }

    fn of_runs<T>(
        &self,
        runs: &[RunId],
        select: &str,
        order: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<HashMap<RunId, Vec<T>>, StoreError> {
        let mut found: HashMap<RunId, Vec<T>> = HashMap::new();
        if runs.is_empty() {
            return Ok(found);
        }
        let places = vec!["?"; runs.len()].join(", ");
        self.read("read what belongs to runs", |reading| {
            let query = format!("{select} runs.id IN ({places}) {order}");
            let mut statement = reading.prepare_cached(&query)?;
            let ids = runs.iter().map(ToString::to_string);
            let mut rows = statement.query(params_from_iter(ids))?;
            while let Some(row) = rows.next()? {
                found
                    .entry(row.word("run_id")?)
                    .or_default()
                    .push(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Puts a run aside, or brings it back.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`]; [`StoreError::DiskFull`] and the like.
    pub fn store_run(&self, run: RunId, storage: StorageState) -> Result<(), StoreError> {
        self.write("change a run", |writing| {
            let number = writing.run_number(run)?;
            writing
                .prepare_cached("UPDATE runs SET storage = ?2 WHERE number = ?1")?
                .execute((number, storage.as_str()))?;
            Ok(())
        })
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<RunEntry> {
    Ok(RunEntry {
        id: row.word("id")?,
        display_name: row.get("display_name")?,
        origin: origin(row)?,
        definition: row.get("body")?,
        parameters: row.json("parameters")?,
        pipeline_root: row.get("pipeline_root")?,
        state: row.word("state")?,
        failure: row.maybe_json("failure")?,
        storage: row.word("storage")?,
        created_at: row.time("created_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}

fn task(row: &Row<'_>) -> rusqlite::Result<TaskEntry> {
    Ok(TaskEntry {
        path: row.text("path")?,
        kind: row.word("kind")?,
        display_name: row.get("display_name")?,
        state: row.word("state")?,
        cached: row.get("cached")?,
        reason: row.maybe_json("reason")?,
        started_at: row.maybe_time("started_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}
