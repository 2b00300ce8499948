//! Who made and who read which artifact, and which runs need which artifacts.
//!
//! `lineage` is what is shown. `artifact_uses` is what keeps bytes on disk: it also has the artifacts that
//! stand in tasks' inputs and outputs without anybody having told of their lineage.

use coracle_model::{ArtifactId, Lineage, RunId, TaskPath};
use rusqlite::Row;

use crate::change::Direction;
use crate::column::Columns;
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-23",
    name: "lineage",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS lineage (
            artifact INTEGER NOT NULL REFERENCES artifacts (id),
            direction TEXT NOT NULL, -- `produced` or `read`
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            path TEXT NOT NULL,
            key TEXT NOT NULL,
            PRIMARY KEY (artifact, direction, run, path, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS lineage_by_run ON lineage (run);
        CREATE TABLE IF NOT EXISTS artifact_uses (
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            artifact INTEGER NOT NULL,
            PRIMARY KEY (run, artifact)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS artifact_uses_by_artifact ON artifact_uses (artifact);
    ",
    older: Older::MayNot(Format(1)),
}];

/// Who made and who read an artifact, each in the order of their runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArtifactLineage {
    /// The task that made it, then those that took it from the cache.
    pub producers: Vec<Lineage>,
    /// The tasks that read it.
    pub consumers: Vec<Lineage>,
}

impl Direction {
    fn as_str(self) -> &'static str {
        match self {
            Self::Produced => "produced",
            Self::Read => "read",
        }
    }
}

impl Store {
    /// Who made and who read an artifact; empty when there is no such artifact.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn lineage(&self, artifact: ArtifactId) -> Result<ArtifactLineage, StoreError> {
        self.read("read lineage", |reading| {
            let mut statement = reading.prepare_cached(
                "SELECT artifact, id, path, key FROM lineage JOIN runs ON runs.number = lineage.run
                WHERE artifact = ?1 AND direction = ?2 ORDER BY lineage.run, path, key",
            )?;
            let mut side = |direction: Direction| -> rusqlite::Result<Vec<Lineage>> {
                statement
                    .query_map((artifact.0, direction.as_str()), lineage)?
                    .collect()
            };
            Ok(ArtifactLineage {
                producers: side(Direction::Produced)?,
                consumers: side(Direction::Read)?,
            })
        })
    }

    /// The runs that an artifact stands in, newest first, at most so many, each with the name people see.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn runs_with(
        &self,
        artifact: ArtifactId,
        limit: usize,
    ) -> Result<Vec<(RunId, String)>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read("find the runs of an artifact", |reading| {
            let mut statement = reading.prepare_cached(
                "SELECT id, display_name FROM artifact_uses JOIN runs ON runs.number = artifact_uses.run
                WHERE artifact = ?1 ORDER BY artifact_uses.run DESC LIMIT ?2",
            )?;
            statement
                .query_map((artifact.0, limit), |row| {
                    Ok((row.word("id")?, row.get("display_name")?))
                })?
                .collect()
        })
    }
}

impl Writing<'_> {
    /// Adds who made or read an artifact.
    pub(crate) fn add_lineage(
        &self,
        artifact: ArtifactId,
        run: RunId,
        path: &TaskPath,
        key: &str,
        direction: Direction,
    ) -> Result<(), Refusal> {
        let number = self.run_number(run)?;
        self.prepare_cached(
            "INSERT INTO lineage (artifact, direction, run, path, key) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute((artifact.0, direction.as_str(), number, path.as_str(), key))?;
        self.note_use(number, artifact)
    }

    /// Keeps that a run needs an artifact.
    pub(super) fn note_use(&self, run: i64, artifact: ArtifactId) -> Result<(), Refusal> {
        self.prepare_cached(
            "INSERT INTO artifact_uses (run, artifact) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute((run, artifact.0))?;
        Ok(())
    }
}

fn lineage(row: &Row<'_>) -> rusqlite::Result<Lineage> {
    Ok(Lineage {
        artifact: ArtifactId(row.get("artifact")?),
        run: row.word("id")?,
        task: row.text("path")?,
        key: row.get("key")?,
    })
}
