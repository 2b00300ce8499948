//! Removing runs, and the runs that were removed while their files may still be on disk.
//!
//! A run's rows go at once; its files go later, by [`gc`](crate::gc), which may be killed in between. Only
//! files under a name in this table are ever taken for rubbish, so what a user put into the tree is safe.

use coracle_model::{ArtifactId, ArtifactUri, RunId, RunState};

use rusqlite::OptionalExtension;

use crate::column::Columns;
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-23",
    name: "removed_runs",
    columns: &[],
    sql: "CREATE TABLE IF NOT EXISTS removed_runs (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;",
    older: Older::MayNot(Format(1)),
}];

/// What came of removing a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedRun {
    /// The run.
    pub run: RunId,
    /// The artifacts that nothing uses any more, by URI. Those that the run only imported are among them.
    pub unreferenced: Vec<ArtifactUri>,
    /// The artifacts that stay, since other runs use them.
    pub shared: Vec<SharedArtifact>,
}

/// An artifact of a removed run that other runs use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedArtifact {
    /// Its number.
    pub id: ArtifactId,
    /// The name of the output that made it.
    pub name: String,
    /// Where its bytes are.
    pub uri: ArtifactUri,
    /// The first runs that use it, oldest first.
    pub used_by: Vec<RunId>,
}

/// How many runs are named that use a shared artifact.
const NAMED_RUNS: usize = 10;

impl Store {
    /// Forgets a run that has ended, with its tasks, events, cache entries and lineage, and the artifacts
    /// that no other run uses. Files stay until they are collected.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`]; [`StoreError::RunOpen`] when it has not ended; [`StoreError::DiskFull`] and
    /// the like.
    pub fn delete_run(&self, run: RunId) -> Result<RemovedRun, StoreError> {
        self.write("remove a run", |writing| {
            let number = writing.run_number(run)?;
            if !writing.state_of(number)?.is_final() {
                return Err(StoreError::RunOpen { run }.into());
            }
            let texts = writing.numbers(
                "SELECT definition FROM runs WHERE number = ?1 UNION SELECT document FROM cache_keys WHERE run = ?1",
                number,
            )?;
            let artifacts = writing.numbers("SELECT artifact FROM artifact_uses WHERE run = ?1", number)?;
            writing.execute("INSERT INTO removed_runs (id) VALUES (?1) ON CONFLICT DO NOTHING", [run.to_string()])?;
            writing.execute("DELETE FROM runs WHERE number = ?1", [number])?;
            writing.drop_unused_texts(&texts)?;
            let mut unreferenced = Vec::new();
            let mut shared = Vec::new();
            for artifact in artifacts {
                unreferenced.extend(writing.drop_unused_artifact(artifact)?);
                shared.extend(writing.shared_artifact(artifact)?);
            }
            Ok(RemovedRun { run, unreferenced, shared })
        })
    }

    /// The runs whose files may still be on disk.
    pub(crate) fn removed_runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.read("read removed runs", |reading| {
            let mut statement =
                reading.prepare_cached("SELECT id FROM removed_runs ORDER BY id")?;
            statement.query_map([], |row| row.word("id"))?.collect()
        })
    }

    /// Keeps that nothing of a removed run is on disk any more.
    pub(crate) fn forget_removed_run(&self, run: RunId) -> Result<(), StoreError> {
        self.write("forget a removed run", |writing| {
            writing.execute("DELETE FROM removed_runs WHERE id = ?1", [run.to_string()])?;
            Ok(())
        })
    }
}

impl Writing<'_> {
    fn state_of(&self, number: i64) -> Result<RunState, Refusal> {
        let mut statement = self.prepare_cached("SELECT state FROM runs WHERE number = ?1")?;
        Ok(statement.query_row([number], |row| row.word("state"))?)
    }

    /// An artifact with those that use it, when it is there.
    fn shared_artifact(&self, id: i64) -> Result<Option<SharedArtifact>, Refusal> {
        let mut users = self.prepare_cached(&format!(
            "SELECT runs.id AS id FROM artifact_uses JOIN runs ON runs.number = artifact_uses.run
            WHERE artifact = ?1 ORDER BY run LIMIT {NAMED_RUNS}"
        ))?;
        let used_by = users
            .query_map([id], |row| row.word("id"))?
            .collect::<rusqlite::Result<_>>()?;
        let mut statement = self.prepare_cached("SELECT name, uri FROM artifacts WHERE id = ?1")?;
        let shared = statement.query_row([id], |row| {
            Ok(SharedArtifact {
                id: ArtifactId(id),
                name: row.get("name")?,
                uri: row.text("uri")?,
                used_by,
            })
        });
        Ok(shared.optional()?)
    }

    pub(super) fn numbers(&self, query: &str, of: i64) -> Result<Vec<i64>, Refusal> {
        let mut statement = self.prepare_cached(query)?;
        let numbers = statement
            .query_map([of], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(numbers)
    }
}
