//! Tasks: every node of a run, with what went in and what came out.

use coracle_model::{Outputs, RunId, TaskPath, TaskRecord};
use rusqlite::{OptionalExtension, Row, named_params};

use crate::column::{Columns, json, micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-23",
    name: "tasks",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS tasks (
            number INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            path TEXT NOT NULL,
            kind TEXT NOT NULL,
            display_name TEXT NOT NULL,
            state TEXT NOT NULL,
            cached INTEGER NOT NULL,
            reason TEXT, -- versioned JSON
            inputs TEXT NOT NULL, -- versioned JSON
            outputs TEXT NOT NULL, -- versioned JSON
            fingerprint TEXT,
            started_at INTEGER,
            finished_at INTEGER,
            UNIQUE (run, path)
        ) STRICT;
    ",
    older: Older::MayNot(Format(1)),
}];

const SELECT: &str = "SELECT path, kind, display_name, state, cached, reason, inputs, outputs, fingerprint, started_at,
    finished_at FROM tasks WHERE run = (SELECT number FROM runs WHERE id = ?1)";

impl Store {
    /// The tasks of a run, in the order they were first recorded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn tasks(&self, run: RunId) -> Result<Vec<TaskRecord>, StoreError> {
        self.read("read tasks", |reading| {
            let mut statement = reading.prepare_cached(&format!("{SELECT} ORDER BY number"))?;
            statement
                .query_map([run.to_string()], |row| record(row, run))?
                .collect()
        })
    }

    /// One task.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn task(&self, run: RunId, path: &TaskPath) -> Result<Option<TaskRecord>, StoreError> {
        self.read("read a task", |reading| {
            let mut statement = reading.prepare_cached(&format!("{SELECT} AND path = ?2"))?;
            statement
                .query_row([run.to_string().as_str(), path.as_str()], |row| {
                    record(row, run)
                })
                .optional()
        })
    }
}

impl Writing<'_> {
    /// Adds or replaces a task; true when it is new, or its state, `cached` or reason was another.
    pub(crate) fn put_task(&self, task: &TaskRecord) -> Result<bool, Refusal> {
        let run = self.run_number(task.run)?;
        let reason = task.reason.as_ref().map(json);
        let same = self
            .prepare_cached("SELECT state = ?3 AND cached = ?4 AND reason IS ?5 FROM tasks WHERE run = ?1 AND path = ?2")?
            .query_row((run, task.path.as_str(), task.state.as_str(), task.cached, &reason), |row| row.get::<_, bool>(0))
            .optional()?;
        self.prepare_cached(
            "INSERT INTO tasks (run, path, kind, display_name, state, cached, reason, inputs, outputs, fingerprint,
                started_at, finished_at)
            VALUES (:run, :path, :kind, :display_name, :state, :cached, :reason, :inputs, :outputs, :fingerprint,
                :started_at, :finished_at)
            ON CONFLICT (run, path) DO UPDATE SET kind = excluded.kind, display_name = excluded.display_name,
                state = excluded.state, cached = excluded.cached, reason = excluded.reason, inputs = excluded.inputs,
                outputs = excluded.outputs, fingerprint = excluded.fingerprint, started_at = excluded.started_at,
                finished_at = excluded.finished_at",
        )?
        .execute(named_params! {
            ":run": run,
            ":path": task.path.as_str(),
            ":kind": task.kind.as_str(),
            ":display_name": task.display_name,
            ":state": task.state.as_str(),
            ":cached": task.cached,
            ":reason": reason,
            ":inputs": json(&task.inputs),
            ":outputs": json(&task.outputs),
            ":fingerprint": task.fingerprint.as_ref().map(coracle_model::Fingerprint::as_str),
            ":started_at": task.started_at.map(micros),
            ":finished_at": task.finished_at.map(micros),
        })?;
        self.note_uses(run, &task.inputs)?;
        self.note_uses(run, &task.outputs)?;
        Ok(same != Some(true))
    }

    /// Removes a task that begins anew, with what the cache says of it: an entry that stayed would come to
    /// stand for the outputs of the new beginning.
    pub(crate) fn remove_task(&self, run: RunId, path: &TaskPath) -> Result<(), Refusal> {
        let number = self.run_number(run)?;
        for statement in [
            "DELETE FROM tasks WHERE run = ?1 AND path = ?2",
            "DELETE FROM cache_keys WHERE run = ?1 AND path = ?2",
            "DELETE FROM cache_entries WHERE run = ?1 AND path = ?2",
        ] {
            self.prepare_cached(statement)?
                .execute((number, path.as_str()))?;
        }
        Ok(())
    }

    /// Keeps that a run uses artifacts, however it came to them, so that they are not taken from it.
    fn note_uses(&self, run: i64, values: &Outputs) -> Result<(), Refusal> {
        for id in values
            .artifacts
            .values()
            .flatten()
            .filter_map(|artifact| artifact.id)
        {
            self.note_use(run, id)?;
        }
        Ok(())
    }
}

fn record(row: &Row<'_>, run: RunId) -> rusqlite::Result<TaskRecord> {
    Ok(TaskRecord {
        run,
        path: row.text("path")?,
        kind: row.word("kind")?,
        display_name: row.get("display_name")?,
        state: row.word("state")?,
        cached: row.get("cached")?,
        reason: row.maybe_json("reason")?,
        inputs: row.json("inputs")?,
        outputs: row.json("outputs")?,
        fingerprint: row.maybe_text("fingerprint")?,
        started_at: row.maybe_time("started_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}
