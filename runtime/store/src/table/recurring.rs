//! Recurring runs.

use coracle_model::{
    ListQuery, Page, Progress, RecurringRun, RecurringRunId, RunRecord, RunSource, Timestamp,
};
use rusqlite::{OptionalExtension, Row, named_params};

use crate::column::{Columns, json, micros};
use crate::error::StoreError;
use crate::listing::{Field, Listing};
use crate::migration::{Column, Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-27",
    name: "recurring_runs",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS recurring_runs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL,
            description TEXT NOT NULL,
            experiment TEXT NOT NULL, -- the id; the experiment may be gone
            version TEXT, -- versioned JSON: the pipeline and the version, unless it has a definition of its own
            definition INTEGER REFERENCES texts (number),
            parameters TEXT NOT NULL, -- versioned JSON
            pipeline_root TEXT,
            service_account TEXT,
            due TEXT NOT NULL, -- versioned JSON: the trigger
            max_concurrency INTEGER NOT NULL,
            catch_up INTEGER NOT NULL,
            enabled INTEGER NOT NULL,
            last_slot INTEGER,
            begun INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS recurring_runs_by_experiment ON recurring_runs (experiment);
        CREATE INDEX IF NOT EXISTS recurring_runs_by_definition ON recurring_runs (definition);
    ",
    older: Older::MayNot(Format(2)),
}, Migration {
    date: "2026-11-27",
    name: "recurring_runs_of_latest_versions",
    columns: &[Column {
        table: "recurring_runs",
        name: "latest_of",
        definition: "TEXT", // the id of the pipeline whose newest version is run; then there is no definition
    }],
    sql: "",
    older: Older::MayNot(Format(3)),
}];

const WHAT: &str = "recurring run";

const LISTING: Listing = Listing {
    noun: "Job",
    table: "recurring_runs",
    columns: COLUMNS,
    tags: None,
    fields: &[
        Field::text("recurring_run_id", "id"),
        Field::text("id", "id"),
        Field::text("display_name", "display_name"),
        Field::text("name", "display_name"),
        Field::text("description", "description"),
        Field::text("experiment_id", "experiment"),
        Field::text("namespace", "''"),
        Field::text("status", "iif(enabled, 'ENABLED', 'DISABLED')"),
        Field::time("created_at", "created_at"),
        Field::time("updated_at", "updated_at"),
    ],
};

const COLUMNS: &str = "id, display_name, description, experiment, version, latest_of, parameters, pipeline_root, service_account,
    due, max_concurrency, catch_up, enabled, last_slot, begun, created_at, updated_at,
    (SELECT body FROM texts WHERE texts.number = recurring_runs.definition) AS body";

impl Store {
    /// Remembers a new recurring run.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn create_recurring_run(&self, run: &RecurringRun) -> Result<(), StoreError> {
        self.write("record a recurring run", |writing| {
            let (version, definition, latest_of) = match &run.source {
                RunSource::Pinned {
                    version,
                    definition,
                } => {
                    let definition = writing.keep_text(definition)?;
                    (version.as_ref().map(json), Some(definition), None)
                }
                RunSource::Latest(pipeline) => (None, None, Some(pipeline.to_string())),
            };
            writing
                .prepare_cached(
                    "INSERT INTO recurring_runs (id, display_name, description, experiment, version, definition,
                        latest_of, parameters, pipeline_root, service_account, due, max_concurrency, catch_up, enabled,
                        last_slot, begun, created_at, updated_at)
                    VALUES (:id, :display_name, :description, :experiment, :version, :definition,
                        :latest_of, :parameters, :pipeline_root, :service_account, :due, :max_concurrency, :catch_up, :enabled,
                        :last_slot, :begun, :created_at, :updated_at)",
                )?
                .execute(named_params! {
                    ":id": run.id.to_string(),
                    ":display_name": run.display_name,
                    ":description": run.description,
                    ":experiment": run.experiment.to_string(),
                    ":version": version,
                    ":definition": definition,
                    ":latest_of": latest_of,
                    ":parameters": json(&run.parameters),
                    ":pipeline_root": run.pipeline_root,
                    ":service_account": run.service_account,
                    ":due": json(&run.trigger),
                    ":max_concurrency": run.max_concurrency,
                    ":catch_up": run.catch_up,
                    ":enabled": run.enabled,
                    ":last_slot": run.progress.last_slot.map(micros),
                    ":begun": i64::try_from(run.progress.begun).unwrap_or(i64::MAX),
                    ":created_at": micros(run.created_at),
                    ":updated_at": micros(run.updated_at),
                })?;
            Ok(())
        })
    }

    /// A recurring run.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn recurring_run(&self, id: RecurringRunId) -> Result<Option<RecurringRun>, StoreError> {
        self.read("read a recurring run", |reading| {
            reading
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM recurring_runs WHERE id = ?1"
                ))?
                .query_row([id.to_string()], recurring_run)
                .optional()
        })
    }

    /// The recurring runs that are switched on, in the order in which they were made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn enabled_recurring_runs(&self) -> Result<Vec<RecurringRun>, StoreError> {
        self.read("read the recurring runs", |reading| {
            reading
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM recurring_runs WHERE enabled ORDER BY number"
                ))?
                .query_map([], recurring_run)?
                .collect()
        })
    }

    /// A page of recurring runs.
    ///
    /// # Errors
    /// A field that recurring runs do not have; when the database cannot be read.
    pub fn list_recurring_runs(&self, query: &ListQuery) -> Result<Page<RecurringRun>, StoreError> {
        self.list(&LISTING, query, recurring_run)
    }

    /// Switches a recurring run on or off.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; [`StoreError::DiskFull`] and the like.
    pub fn enable_recurring_run(
        &self,
        id: RecurringRunId,
        enabled: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("change a recurring run", |writing| {
            writing.change(
                WHAT,
                id,
                "UPDATE recurring_runs SET updated_at = iif(enabled = ?2, updated_at, ?3), enabled = ?2 WHERE id = ?1",
                (id.to_string(), enabled, micros(now)),
            )
        })
    }

    /// Remembers a run that a recurring run begins, and how far that one is then: both or neither, so that no slot is
    /// run twice or lost.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; as [`Store::create_run`].
    pub fn begin_recurring_run(
        &self,
        id: RecurringRunId,
        run: &RunRecord,
        progress: Progress,
    ) -> Result<(), StoreError> {
        self.write("begin a recurring run", |writing| {
            writing.add_run(run)?;
            let begun = i64::try_from(progress.begun).unwrap_or(i64::MAX);
            writing.change(
                WHAT,
                id,
                "UPDATE recurring_runs SET last_slot = ?2, begun = ?3 WHERE id = ?1",
                (id.to_string(), progress.last_slot.map(micros), begun),
            )
        })
    }

    /// How many runs of a recurring run are open.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_runs_of(&self, id: RecurringRunId) -> Result<u32, StoreError> {
        self.read("count open runs", |reading| {
            reading
                .prepare_cached(
                    "SELECT count(*) FROM runs WHERE recurring = ?1 AND state IN ('PENDING', 'RUNNING', 'CANCELING')",
                )?
                .query_row([id.to_string()], |row| row.get(0))
        })
    }

    /// Forgets a recurring run; the runs that it began stay.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; [`StoreError::DiskFull`] and the like.
    pub fn delete_recurring_run(&self, id: RecurringRunId) -> Result<(), StoreError> {
        self.write("remove a recurring run", |writing| {
            let definition: Option<i64> = writing
                .prepare_cached("DELETE FROM recurring_runs WHERE id = ?1 RETURNING definition")?
                .query_row([id.to_string()], |row| row.get(0))
                .optional()?
                .ok_or_else(|| StoreError::not_stored(WHAT, id))?;
            writing.drop_unused_texts(definition.as_slice())
        })
    }
}

fn recurring_run(row: &Row<'_>) -> rusqlite::Result<RecurringRun> {
    let source = match row.maybe_word("latest_of")? {
        Some(pipeline) => RunSource::Latest(pipeline),
        None => RunSource::Pinned {
            version: row.maybe_json("version")?,
            definition: row.get("body")?,
        },
    };
    let begun: i64 = row.get("begun")?;
    Ok(RecurringRun {
        id: row.word("id")?,
        display_name: row.get("display_name")?,
        description: row.get("description")?,
        experiment: row.word("experiment")?,
        source,
        parameters: row.json("parameters")?,
        pipeline_root: row.get("pipeline_root")?,
        service_account: row.get("service_account")?,
        trigger: row.json("due")?,
        max_concurrency: row.get("max_concurrency")?,
        catch_up: row.get("catch_up")?,
        enabled: row.get("enabled")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        progress: Progress {
            last_slot: row.maybe_time("last_slot")?,
            begun: begun.unsigned_abs(),
        },
    })
}
