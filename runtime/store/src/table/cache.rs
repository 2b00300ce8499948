//! The cache: what a step was made of, and which steps' outputs can be taken again.

use coracle_model::{Fingerprint, Outputs, PipelineName, RunId, TaskPath};
use rusqlite::{OptionalExtension, Row};

use crate::column::Columns;
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-23",
    name: "cache",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS cache_keys (
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            path TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            document INTEGER NOT NULL REFERENCES texts (number),
            PRIMARY KEY (run, path)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS cache_keys_by_document ON cache_keys (document);
        CREATE TABLE IF NOT EXISTS cache_entries (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            pipeline TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            path TEXT NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS cache_entries_by_fingerprint ON cache_entries (pipeline, fingerprint);
        CREATE INDEX IF NOT EXISTS cache_entries_by_task ON cache_entries (run, path);
    ",
    older: Older::MayNot(Format(1)),
}];

/// A step that was found in the cache.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheHit {
    /// The run it was made in.
    pub run: RunId,
    /// The task that made it.
    pub path: TaskPath,
    /// What it produced.
    pub outputs: Outputs,
}

/// What a task's fingerprint was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheKeyRow {
    /// The run.
    pub run: RunId,
    /// The fingerprint.
    pub fingerprint: Fingerprint,
    /// The parts of the key, as JSON.
    pub document: String,
}

const KEY: &str =
    "SELECT id, fingerprint, body FROM runs JOIN cache_keys ON cache_keys.run = runs.number
    JOIN texts ON texts.number = cache_keys.document";

impl Store {
    /// The newest step of a pipeline that succeeded with this fingerprint.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cache_lookup(
        &self,
        pipeline: &PipelineName,
        fingerprint: &Fingerprint,
    ) -> Result<Option<CacheHit>, StoreError> {
        self.read("look into the cache", |reading| {
            let mut statement = reading.prepare_cached(
                "SELECT id, entry.path, outputs FROM cache_entries AS entry
                JOIN tasks ON tasks.run = entry.run AND tasks.path = entry.path
                JOIN runs ON runs.number = entry.run
                WHERE entry.pipeline = ?1 AND entry.fingerprint = ?2 AND tasks.state = 'SUCCEEDED'
                ORDER BY entry.number DESC LIMIT 1",
            )?;
            statement
                .query_row([pipeline.as_str(), fingerprint.as_str()], hit)
                .optional()
        })
    }

    /// What the fingerprint of a task was made of.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cache_key(
        &self,
        run: RunId,
        path: &TaskPath,
    ) -> Result<Option<CacheKeyRow>, StoreError> {
        self.read("read a cache key", |reading| {
            let mut statement =
                reading.prepare_cached(&format!("{KEY} WHERE id = ?1 AND path = ?2"))?;
            statement
                .query_row([run.to_string().as_str(), path.as_str()], key)
                .optional()
        })
    }

    /// What the fingerprint of the same task was made of in the newest run of the pipeline before this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cache_key_before(
        &self,
        pipeline: &PipelineName,
        path: &TaskPath,
        run: RunId,
    ) -> Result<Option<CacheKeyRow>, StoreError> {
        self.read("read an earlier cache key", |reading| {
            let mut statement = reading.prepare_cached(&format!(
                "{KEY} WHERE pipeline = ?1 AND path = ?2 AND runs.number < (SELECT number FROM runs WHERE id = ?3)
                ORDER BY runs.number DESC LIMIT 1"
            ))?;
            statement.query_row([pipeline.as_str(), path.as_str(), run.to_string().as_str()], key).optional()
        })
    }
}

impl Writing<'_> {
    /// Adds or replaces what a task's fingerprint is made of.
    pub(crate) fn put_cache_key(
        &self,
        run: RunId,
        path: &TaskPath,
        fingerprint: &Fingerprint,
        document: &str,
    ) -> Result<(), Refusal> {
        let number = self.run_number(run)?;
        let document = self.keep_text(document)?;
        self.prepare_cached(
            "INSERT INTO cache_keys (run, path, fingerprint, document) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (run, path) DO UPDATE SET fingerprint = excluded.fingerprint, document = excluded.document",
        )?
        .execute((number, path.as_str(), fingerprint.as_str(), document))?;
        Ok(())
    }

    /// Lets later runs take the outputs of a task.
    pub(crate) fn add_cache_entry(
        &self,
        pipeline: &PipelineName,
        fingerprint: &Fingerprint,
        run: RunId,
        path: &TaskPath,
    ) -> Result<(), Refusal> {
        let number = self.run_number(run)?;
        self.prepare_cached(
            "INSERT INTO cache_entries (pipeline, fingerprint, run, path) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((
            pipeline.as_str(),
            fingerprint.as_str(),
            number,
            path.as_str(),
        ))?;
        Ok(())
    }
}

fn hit(row: &Row<'_>) -> rusqlite::Result<CacheHit> {
    Ok(CacheHit {
        run: row.word("id")?,
        path: row.text("path")?,
        outputs: row.json("outputs")?,
    })
}

fn key(row: &Row<'_>) -> rusqlite::Result<CacheKeyRow> {
    Ok(CacheKeyRow {
        run: row.word("id")?,
        fingerprint: row.text("fingerprint")?,
        document: row.get("body")?,
    })
}
