//! Experiments.

use coracle_model::{Experiment, ExperimentId, ListQuery, Page, StorageState, Timestamp};
use rusqlite::{OptionalExtension, Row, named_params};

use crate::column::{Columns, micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::listing::{Field, Listing};
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-27",
    name: "experiments",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS experiments (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            storage TEXT NOT NULL,
            is_default INTEGER NOT NULL, -- one at most: what runs are in that name no other
            created_at INTEGER NOT NULL,
            last_run_at INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS experiments_default ON experiments (is_default) WHERE is_default;
    ",
    older: Older::MayNot(Format(2)),
}];

const LISTING: Listing = Listing {
    noun: "Experiment",
    table: "experiments",
    columns: COLUMNS,
    tags: None,
    fields: &[
        Field::text("experiment_id", "id"),
        Field::text("id", "id"),
        Field::text("display_name", "display_name"),
        Field::text("name", "display_name"),
        Field::text("description", "description"),
        Field::text("storage_state", "storage"),
        Field::text("namespace", "''"),
        Field::time("created_at", "created_at"),
        Field::time("last_run_created_at", "last_run_at"),
    ],
};

const COLUMNS: &str = "id, display_name, description, storage, created_at, last_run_at";

/// The name of the experiment that runs are in which name no other.
pub const DEFAULT_EXPERIMENT: &str = "Default";

/// What it is about; KFP's own words.
const DEFAULT_DESCRIPTION: &str =
    "All runs created without specifying an experiment will be grouped here.";

impl Store {
    /// Remembers a new experiment.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`]; [`StoreError::DiskFull`] and the like.
    pub fn create_experiment(&self, experiment: &Experiment) -> Result<(), StoreError> {
        self.write("record an experiment", |writing| {
            writing.add_experiment(experiment, false)
        })
    }

    /// The experiment that runs are in which name no other; made when there is none, and then those that were made before
    /// there were experiments are in it, too.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn default_experiment(&self, now: Timestamp) -> Result<ExperimentId, StoreError> {
        let known = self.read("read the default experiment", |reading| {
            reading
                .prepare_cached("SELECT id FROM experiments WHERE is_default")?
                .query_row([], |row| row.word("id"))
                .optional()
        })?;
        if let Some(id) = known {
            return Ok(id);
        }
        self.write("record the default experiment", |writing| {
            let found: Option<ExperimentId> = writing
                .prepare_cached("SELECT id FROM experiments WHERE display_name = ?1")?
                .query_row([DEFAULT_EXPERIMENT], |row| row.word("id"))
                .optional()?;
            let id = found.unwrap_or_else(ExperimentId::random);
            writing
                .prepare_cached("UPDATE runs SET experiment = ?1 WHERE experiment IS NULL")?
                .execute([id.to_string()])?;
            if found.is_some() {
                writing
                    .prepare_cached("UPDATE experiments SET is_default = 1 WHERE id = ?1")?
                    .execute([id.to_string()])?;
                return Ok(id);
            }
            let experiment = Experiment {
                id,
                display_name: DEFAULT_EXPERIMENT.to_owned(),
                description: DEFAULT_DESCRIPTION.to_owned(),
                created_at: now,
                last_run_at: None,
                storage: StorageState::Available,
            };
            writing.add_experiment(&experiment, true)?;
            Ok(experiment.id)
        })
    }

    /// An experiment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn experiment(&self, id: ExperimentId) -> Result<Option<Experiment>, StoreError> {
        self.read("read an experiment", |reading| {
            reading
                .prepare_cached(&format!("SELECT {COLUMNS} FROM experiments WHERE id = ?1"))?
                .query_row([id.to_string()], experiment)
                .optional()
        })
    }

    /// A page of experiments.
    ///
    /// # Errors
    /// A field that experiments do not have; when the database cannot be read.
    pub fn list_experiments(&self, query: &ListQuery) -> Result<Page<Experiment>, StoreError> {
        self.list(&LISTING, query, experiment)
    }

    /// Puts an experiment aside, and with it its runs and recurring runs, which are then switched off; or brings
    /// it back alone.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; [`StoreError::DiskFull`] and the like.
    pub fn store_experiment(
        &self,
        id: ExperimentId,
        storage: StorageState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("change an experiment", |writing| {
            writing.change(
                "experiment",
                id,
                "UPDATE experiments SET storage = ?2 WHERE id = ?1",
                (id.to_string(), storage.as_str()),
            )?;
            if storage == StorageState::Archived {
                writing
                    .prepare_cached("UPDATE runs SET storage = ?2 WHERE experiment = ?1")?
                    .execute((id.to_string(), storage.as_str()))?;
                writing
                    .prepare_cached(
                        "UPDATE recurring_runs SET enabled = 0, updated_at = ?2
                        WHERE experiment = ?1 AND enabled",
                    )?
                    .execute((id.to_string(), micros(now)))?;
            }
            Ok(())
        })
    }

    /// Forgets an experiment; its runs stay.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; [`StoreError::DiskFull`] and the like.
    pub fn delete_experiment(&self, id: ExperimentId) -> Result<(), StoreError> {
        self.write("remove an experiment", |writing| {
            writing.change(
                "experiment",
                id,
                "DELETE FROM experiments WHERE id = ?1",
                [id.to_string()],
            )
        })
    }
}

impl Writing<'_> {
    fn add_experiment(&self, experiment: &Experiment, is_default: bool) -> Result<(), Refusal> {
        let name = &experiment.display_name;
        let found = "SELECT 1 FROM experiments WHERE display_name = ?1";
        self.keep_unique("experiment", name, found, [name])?;
        self.prepare_cached(
            "INSERT INTO experiments (id, display_name, description, storage, is_default, created_at, last_run_at)
            VALUES (:id, :display_name, :description, :storage, :is_default, :created_at, :last_run_at)",
        )?
        .execute(named_params! {
            ":id": experiment.id.to_string(),
            ":display_name": experiment.display_name,
            ":description": experiment.description,
            ":storage": experiment.storage.as_str(),
            ":is_default": is_default,
            ":created_at": micros(experiment.created_at),
            ":last_run_at": experiment.last_run_at.map(micros),
        })?;
        Ok(())
    }

    /// Says that a run in an experiment was asked for.
    pub(super) fn note_run_in(&self, id: ExperimentId, at: Timestamp) -> Result<(), Refusal> {
        self.prepare_cached("UPDATE experiments SET last_run_at = ?2 WHERE id = ?1")?
            .execute((id.to_string(), micros(at)))?;
        Ok(())
    }
}

fn experiment(row: &Row<'_>) -> rusqlite::Result<Experiment> {
    Ok(Experiment {
        id: row.word("id")?,
        display_name: row.get("display_name")?,
        description: row.get("description")?,
        created_at: row.time("created_at")?,
        last_run_at: row.maybe_time("last_run_at")?,
        storage: row.word("storage")?,
    })
}
