//! What models that are served are compared with: the profile of their training data, the labels of what they were asked,
//! and how far off they were found. All of it goes with the model server, which is told by its uid.

use std::collections::HashMap;

use coracle_model::Timestamp;
use rusqlite::OptionalExtension as _;

use crate::column::{Columns as _, micros, whole_micros};
use crate::error::StoreError;
use crate::migration::{Migration, Older};
use crate::store::Store;

/// How many labelled requests of a model server are kept: more than the log of requests mostly has.
const MOST_LABELS: i64 = 50_000;

/// How many bytes of labels of a model server are kept: a kilobyte for each of so many requests, or a few requests of many rows.
const MOST_LABEL_BYTES: i64 = 64 << 20;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-28",
    name: "profiles of models",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS model_profiles (
            server TEXT PRIMARY KEY, -- the uid of the inference service
            at INTEGER NOT NULL,
            profile TEXT NOT NULL
        ) STRICT;
        CREATE TABLE IF NOT EXISTS model_labels (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            server TEXT NOT NULL,
            request TEXT NOT NULL,
            labels TEXT NOT NULL, -- a list as JSON
            UNIQUE (server, request) ON CONFLICT REPLACE
        ) STRICT;
        CREATE TABLE IF NOT EXISTS model_standings (
            server TEXT PRIMARY KEY,
            standing TEXT NOT NULL
        ) STRICT;
    ",
    older: Older::MayOpen,
}];

const TABLES: [&str; 3] = ["model_profiles", "model_labels", "model_standings"];

/// A profile as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProfile {
    /// When it was.
    pub at: Timestamp,
    /// Its text.
    pub profile: String,
}

impl Store {
    /// Keeps the profile of a model server, in place of the one before, and tells the time as it reads back.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn put_model_profile(
        &self,
        server: &str,
        profile: &str,
        at: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        self.write("keep a profile", |writing| {
            writing.execute(
                "INSERT OR REPLACE INTO model_profiles (server, at, profile) VALUES (?1, ?2, ?3)",
                (server, micros(at), profile),
            )?;
            Ok(whole_micros(at))
        })
    }

    /// The profile of a model server.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn model_profile(&self, server: &str) -> Result<Option<StoredProfile>, StoreError> {
        self.read("read a profile", |reading| {
            reading
                .prepare_cached("SELECT at, profile FROM model_profiles WHERE server = ?1")?
                .query_row([server], |row| {
                    Ok(StoredProfile {
                        at: row.time("at")?,
                        profile: row.get("profile")?,
                    })
                })
                .optional()
        })
    }

    /// Removes the profile of a model server: whether there was one. How far off it was found goes along where it has no labels.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn remove_model_profile(&self, server: &str) -> Result<bool, StoreError> {
        self.write("remove a profile", |writing| {
            let removed =
                writing.execute("DELETE FROM model_profiles WHERE server = ?1", [server])?;
            writing.execute(
                "DELETE FROM model_standings WHERE server = ?1
                AND NOT EXISTS (SELECT 1 FROM model_labels WHERE server = ?1)",
                [server],
            )?;
            Ok(removed > 0)
        })
    }

    /// Keeps labels of requests, each with the request's id; those of the same request before are replaced, and the oldest go.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn put_model_labels(
        &self,
        server: &str,
        labels: &[(String, String)],
    ) -> Result<(), StoreError> {
        self.write("keep labels", |writing| {
            let mut insert = writing.prepare_cached(
                "INSERT INTO model_labels (server, request, labels) VALUES (?1, ?2, ?3)",
            )?;
            for (request, labels) in labels {
                insert.execute((server, request, labels))?;
            }
            writing.execute(
                "DELETE FROM model_labels WHERE server = ?1 AND number <= (SELECT max(number) FROM (
                SELECT number, count(*) OVER newer AS count, sum(octet_length(labels)) OVER newer AS bytes
                FROM model_labels WHERE server = ?1
                WINDOW newer AS (ORDER BY number DESC ROWS UNBOUNDED PRECEDING)
                ) WHERE count > ?2 OR bytes > ?3)",
                (server, MOST_LABELS, MOST_LABEL_BYTES),
            )?;
            Ok(())
        })
    }

    /// The labels that a model server has of some requests, by their ids.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn model_labels<'r>(
        &self,
        server: &str,
        requests: impl Iterator<Item = &'r str>,
    ) -> Result<HashMap<String, String>, StoreError> {
        self.read("read labels", |reading| {
            let mut select = reading.prepare_cached(
                "SELECT labels FROM model_labels WHERE server = ?1 AND request = ?2",
            )?;
            let mut found = HashMap::new();
            for request in requests {
                let labels = select.query_row((server, request), |row| row.get(0));
                if let Some(labels) = labels.optional()? {
                    found.insert(request.to_owned(), labels);
                }
            }
            Ok(found)
        })
    }

    /// The model servers that can be compared with something, each with a number that grows with its labels.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn compared_models(&self) -> Result<HashMap<String, i64>, StoreError> {
        self.read("read which models are compared", |reading| {
            reading
                .prepare_cached(
                    "SELECT server, max(number) FROM (SELECT server, 0 AS number FROM model_profiles
                    UNION ALL SELECT server, number FROM model_labels) GROUP BY server",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// How far off a model server was found last, in whoever's words.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn model_standing(&self, server: &str) -> Result<Option<String>, StoreError> {
        self.read("read how a model stands", |reading| {
            reading
                .prepare_cached("SELECT standing FROM model_standings WHERE server = ?1")?
                .query_row([server], |row| row.get(0))
                .optional()
        })
    }

    /// Keeps how far off a model server was found, unless there is nothing any more that it could have been compared with.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn put_model_standing(&self, server: &str, standing: &str) -> Result<(), StoreError> {
        self.write("keep how a model stands", |writing| {
            writing.execute(
                "INSERT OR REPLACE INTO model_standings (server, standing) SELECT ?1, ?2
                WHERE EXISTS (SELECT 1 FROM model_profiles WHERE server = ?1)
                OR EXISTS (SELECT 1 FROM model_labels WHERE server = ?1)",
                [server, standing],
            )?;
            Ok(())
        })
    }

    /// Forgets everything of a model server that is no more.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn forget_model(&self, server: &str) -> Result<(), StoreError> {
        self.write("forget a model", |writing| {
            for table in TABLES {
                writing.execute(&format!("DELETE FROM {table} WHERE server = ?1"), [server])?;
            }
            Ok(())
        })
    }
}
