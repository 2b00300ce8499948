//! Artifacts whose bytes were deleted while the runs that made and read them are kept: the record says when, and nothing is
//! taken from the cache that would need them.

use coracle_model::{ArtifactId, ArtifactUri, RunId, RunState, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use crate::column::{Columns, micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Column, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-27",
    name: "artifacts without their bytes",
    columns: &[Column {
        table: "artifacts",
        name: "discarded_at",
        definition: "INTEGER",
    }],
    sql: "",
    // It sees an artifact of which nothing is on the disk.
    older: Older::MayOpen,
}];

/// What hangs on the bytes of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactBytes {
    /// Where they are.
    pub uri: ArtifactUri,
    /// Other artifacts that are at the same place, in it or around it, by number.
    pub shared_with: Vec<(ArtifactId, String)>,
    /// The runs that any of these stands in, oldest first.
    pub used_by: Vec<ArtifactUser>,
}

/// A run that has an artifact among what it made or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactUser {
    /// The run.
    pub run: RunId,
    /// The name people see.
    pub display_name: String,
    /// How it is.
    pub state: RunState,
}

/// The artifacts at the place of one, in it or around it.
const SHARING: &str = "SELECT id FROM artifacts WHERE uri = ?1
    OR substr(uri, 1, length(?1) + 1) = ?1 || '/' OR substr(?1, 1, length(uri) + 1) = uri || '/'";

impl Store {
    /// What hangs on the bytes of an artifact; none when there is no such artifact.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn artifact_bytes(&self, id: ArtifactId) -> Result<Option<ArtifactBytes>, StoreError> {
        self.read("read who uses an artifact", |reading| bytes(reading, id))
    }

    /// Keeps that the bytes of an artifact are to be deleted, and those in its place with them. From then on nothing that
    /// needs them comes from the cache.
    ///
    /// # Errors
    /// When there is no such artifact; [`StoreError::RunOpen`] while a run that has not ended uses it;
    /// [`StoreError::DiskFull`] and the like.
    pub fn discard_artifact(
        &self,
        id: ArtifactId,
        at: Timestamp,
    ) -> Result<ArtifactBytes, StoreError> {
        self.write("discard an artifact", |writing| {
            let bytes = bytes(writing, id)?.ok_or_else(|| StoreError::NotStored {
                what: "artifact",
                id: id.to_string(),
            })?;
            if let Some(open) = bytes.used_by.iter().find(|user| !user.state.is_final()) {
                return Err(StoreError::RunOpen { run: open.run }.into());
            }
            writing.execute(
                &format!(
                    "DELETE FROM cache_entries WHERE (run, path) IN (SELECT run, path FROM lineage
                    WHERE direction = 'produced' AND artifact IN ({SHARING}))"
                ),
                [bytes.uri.as_str()],
            )?;
            writing.execute(
                "UPDATE artifacts SET discarded_at = ?2
                WHERE uri = ?1 OR substr(uri, 1, length(?1) + 1) = ?1 || '/'",
                (bytes.uri.as_str(), micros(at)),
            )?;
            Ok(bytes)
        })
    }
}

impl Writing<'_> {
    /// Keeps that the bytes of an artifact are not here.
    pub(crate) fn note_without_bytes(&self, id: ArtifactId, at: Timestamp) -> Result<(), Refusal> {
        self.prepare_cached("UPDATE artifacts SET discarded_at = ?2 WHERE id = ?1")?
            .execute((id.0, micros(at)))?;
        Ok(())
    }
}

fn bytes(connection: &Connection, id: ArtifactId) -> rusqlite::Result<Option<ArtifactBytes>> {
    let uri: Option<String> = connection
        .prepare_cached("SELECT uri FROM artifacts WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    let Some(uri) = uri else { return Ok(None) };
    let mut sharing = connection.prepare_cached(&format!(
        "SELECT id, name FROM artifacts WHERE id <> ?2 AND id IN ({SHARING}) ORDER BY id"
    ))?;
    let shared_with = sharing
        .query_map((&uri, id.0), |row| {
            Ok((ArtifactId(row.get("id")?), row.get("name")?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut users = connection.prepare_cached(&format!(
        "SELECT id, display_name, state FROM runs
        WHERE number IN (SELECT run FROM artifact_uses WHERE artifact IN ({SHARING})) ORDER BY number"
    ))?;
    let used_by = users
        .query_map([&uri], |row| {
            Ok(ArtifactUser {
                run: row.word("id")?,
                display_name: row.get("display_name")?,
                state: row.word("state")?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(ArtifactBytes {
        uri: uri.into(),
        shared_with,
        used_by,
    }))
}
