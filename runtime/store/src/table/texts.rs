//! Long texts that many rows share, kept once by their hash: definitions and cache keys.

use rusqlite::OptionalExtension;
use sha2::{Digest, Sha256};

use crate::database::{Refusal, Writing};
use crate::migration::{Format, Migration, Older};

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-23",
    name: "texts",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS texts (
            number INTEGER PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE, -- hex SHA-256 of the body
            body TEXT NOT NULL
        ) STRICT;
    ",
    older: Older::MayNot(Format(1)),
}];

impl Writing<'_> {
    /// The number of a text, which is stored when it is new.
    pub(super) fn keep_text(&self, body: &str) -> Result<i64, Refusal> {
        let hash = hex::encode(Sha256::digest(body.as_bytes()));
        let known = self
            .prepare_cached("SELECT number FROM texts WHERE hash = ?1")?
            .query_row([&hash], |row| row.get(0))
            .optional()?;
        if let Some(number) = known {
            return Ok(number);
        }
        self.prepare_cached("INSERT INTO texts (hash, body) VALUES (?1, ?2)")?
            .execute([hash.as_str(), body])?;
        Ok(self.last_insert_rowid())
    }

    /// Removes those of these texts that nothing refers to any more.
    pub(super) fn drop_unused_texts(&self, numbers: &[i64]) -> Result<(), Refusal> {
        let mut statement = self.prepare_cached(
            "DELETE FROM texts WHERE number = ?1
                AND NOT EXISTS (SELECT 1 FROM runs WHERE definition = ?1)
                AND NOT EXISTS (SELECT 1 FROM cache_keys WHERE document = ?1)
                AND NOT EXISTS (SELECT 1 FROM pipeline_versions WHERE definition = ?1)
                AND NOT EXISTS (SELECT 1 FROM recurring_runs WHERE definition = ?1)",
        )?;
        for number in numbers {
            statement.execute([number])?;
        }
        Ok(())
    }
}
