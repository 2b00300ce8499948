//! Artifacts: what there is, and where its bytes are.

use std::collections::BTreeMap;

use coracle_model::{
    Artifact, ArtifactId, ArtifactType, ArtifactUri, Lineage, RunId, Timestamp, Value,
};
use rusqlite::types::Value as Parameter;
use rusqlite::{OptionalExtension, Row, named_params, params_from_iter};

use crate::column::{Columns, json, micros};
use crate::database::{Reading, Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-23",
    name: "artifacts",
    columns: &[],
    // AUTOINCREMENT: SQLite keeps the highest id there ever was, also when its artifact is gone.
    sql: "
        CREATE TABLE IF NOT EXISTS artifacts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            schema_title TEXT NOT NULL,
            schema_version TEXT NOT NULL,
            instance_schema TEXT NOT NULL,
            uri TEXT NOT NULL,
            metadata TEXT NOT NULL, -- versioned JSON
            custom_path TEXT,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS artifacts_by_uri ON artifacts (uri);
        CREATE INDEX IF NOT EXISTS artifacts_by_type ON artifacts (schema_title);
    ",
    older: Older::MayNot(Format(1)),
}];

/// Which artifacts to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactFilter {
    /// Those that this run made, imported, took from the cache or read.
    pub run: Option<RunId>,
    /// Those of this type, such as `system.Model`.
    pub schema_title: Option<String>,
    /// Those of this name.
    pub name: Option<String>,
    /// Those with every one of these words in their name or their URI.
    pub words: Vec<String>,
    /// Those recorded before this one: the last one of the page before.
    pub before: Option<ArtifactId>,
    /// How many at most.
    pub limit: usize,
}

/// An artifact with where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredArtifact {
    /// The artifact.
    pub artifact: Artifact,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its bytes were deleted, where they were.
    pub discarded_at: Option<Timestamp>,
    /// Who made it; those that took it from the cache later are in its lineage. None once that run is removed.
    pub producer: Option<Lineage>,
}

impl Default for ArtifactFilter {
    /// The newest hundred.
    fn default() -> Self {
        Self {
            run: None,
            schema_title: None,
            name: None,
            words: Vec::new(),
            before: None,
            limit: 100,
        }
    }
}

impl Store {
    /// A list of artifacts, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn artifacts(&self, filter: &ArtifactFilter) -> Result<Vec<StoredArtifact>, StoreError> {
        let mut conditions = vec!["TRUE"];
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut order = "id";
        if let Some(run) = filter.run {
            conditions.push(
                "id IN (SELECT artifact FROM artifact_uses
                    WHERE run = (SELECT number FROM runs WHERE id = ?))",
            );
            parameters.push(run.to_string().into());
            // A run has few of all artifacts, so they are found first and sorted then.
            order = "+id";
        }
        if let Some(title) = &filter.schema_title {
            conditions.push("schema_title = ?");
            parameters.push(title.clone().into());
        }
        if let Some(name) = &filter.name {
            conditions.push("name = ?");
            parameters.push(name.clone().into());
        }
        for word in &filter.words {
            conditions.push("(instr(lower(name), ?) OR instr(lower(uri), ?))");
            let word = word.to_lowercase();
            parameters.extend([word.clone().into(), word.into()]);
        }
        if let Some(before) = filter.before {
            conditions.push("id < ?");
            parameters.push(before.0.into());
        }
        parameters.push(i64::try_from(filter.limit).unwrap_or(i64::MAX).into());
        let query = with_producers(&format!(
            "WHERE {} ORDER BY {order} DESC LIMIT ?",
            conditions.join(" AND ")
        ));
        self.read("list artifacts", |reading| {
            let mut statement = reading.prepare_cached(&query)?;
            statement
                .query_map(params_from_iter(parameters), stored)?
                .collect()
        })
    }

    /// One artifact.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn artifact(&self, id: ArtifactId) -> Result<Option<StoredArtifact>, StoreError> {
        self.read("read an artifact", |reading| {
            let mut statement = reading.prepare_cached(&with_producers("WHERE id = ?1"))?;
            statement.query_row([id.0], stored).optional()
        })
    }

    /// The newest artifact that is the same in everything that an importer says of one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn same_artifact(
        &self,
        uri: &ArtifactUri,
        artifact_type: &ArtifactType,
        metadata: &BTreeMap<String, Value>,
    ) -> Result<Option<Artifact>, StoreError> {
        self.read("find an artifact", |reading| {
            let mut statement = reading.prepare_cached(
                "SELECT id, name, schema_title, schema_version, instance_schema, uri, metadata, custom_path
                FROM artifacts WHERE uri = ?1 ORDER BY id DESC",
            )?;
            for candidate in statement.query_map([uri.as_str()], artifact)? {
                let candidate = candidate?;
                if candidate.artifact_type == *artifact_type && candidate.metadata == *metadata {
                    return Ok(Some(candidate));
                }
            }
            Ok(None)
        })
    }

    /// Calls a function with the URI of every artifact.
    pub(crate) fn each_artifact_uri(
        &self,
        mut call: impl FnMut(ArtifactUri),
    ) -> Result<(), StoreError> {
        self.read("read artifacts", |reading| {
            let mut statement = reading.prepare_cached("SELECT DISTINCT uri FROM artifacts")?;
            for uri in statement.query_map([], |row| row.text("uri"))? {
                call(uri?);
            }
            Ok(())
        })
    }
}

/// The highest number that an artifact ever had, also one that only stands in a task's outputs.
pub(crate) fn last_artifact_id(reading: &Reading<'_>) -> rusqlite::Result<i64> {
    reading.query_row(
        "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'artifacts'), 0),
            coalesce((SELECT max(artifact) FROM artifact_uses), 0))",
        [],
        |row| row.get(0),
    )
}

impl Writing<'_> {
    /// Adds an artifact, unless its number is known: the same artifact is told of by all that read it.
    pub(crate) fn put_artifact(
        &self,
        artifact: &Artifact,
        key: &str,
        at: Timestamp,
    ) -> Result<ArtifactId, Refusal> {
        let id = artifact.id.ok_or_else(|| StoreError::Unnumbered {
            key: key.to_owned(),
        })?;
        self.prepare_cached(
            "INSERT INTO artifacts (id, name, schema_title, schema_version, instance_schema, uri, metadata, custom_path,
                created_at)
            VALUES (:id, :name, :schema_title, :schema_version, :instance_schema, :uri, :metadata, :custom_path, :created_at)
            ON CONFLICT (id) DO NOTHING",
        )?
        .execute(named_params! {
            ":id": id.0,
            ":name": artifact.name,
            ":schema_title": artifact.artifact_type.schema_title,
            ":schema_version": artifact.artifact_type.schema_version,
            ":instance_schema": artifact.artifact_type.instance_schema,
            ":uri": artifact.uri.as_str(),
            ":metadata": json(&artifact.metadata),
            ":custom_path": artifact.custom_path,
            ":created_at": micros(at),
        })?;
        Ok(id)
    }

    /// Removes an artifact that no run uses; its URI when no other artifact has the same.
    pub(super) fn drop_unused_artifact(&self, id: i64) -> Result<Option<ArtifactUri>, Refusal> {
        let uri: Option<String> = self
            .prepare_cached(
                "DELETE FROM artifacts WHERE id = ?1
                    AND NOT EXISTS (SELECT 1 FROM artifact_uses WHERE artifact = ?1) RETURNING uri",
            )?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let Some(uri) = uri else { return Ok(None) };
        let shared = self
            .prepare_cached("SELECT 1 FROM artifacts WHERE uri = ?1")?
            .exists([&uri])?;
        Ok((!shared).then(|| ArtifactUri::from(uri)))
    }
}

/// The query for some artifacts, each with its producer: the first run that has it as an output. With
/// `min`, SQLite takes the other columns of a group from the row that has the least.
fn with_producers(which: &str) -> String {
    format!(
        "SELECT some.*, min(made.run), runs.id AS run, made.path, made.key
        FROM (SELECT * FROM artifacts {which}) AS some
        LEFT JOIN lineage AS made ON made.artifact = some.id AND made.direction = 'produced'
        LEFT JOIN runs ON runs.number = made.run
        GROUP BY some.id ORDER BY some.id DESC"
    )
}

fn artifact(row: &Row<'_>) -> rusqlite::Result<Artifact> {
    Ok(Artifact {
        id: Some(ArtifactId(row.get("id")?)),
        name: row.get("name")?,
        artifact_type: ArtifactType {
            schema_title: row.get("schema_title")?,
            schema_version: row.get("schema_version")?,
            instance_schema: row.get("instance_schema")?,
        },
        uri: row.text("uri")?,
        metadata: row.json("metadata")?,
        custom_path: row.get("custom_path")?,
        // What a record of the workbench has of it is where it is.
        sha256: None,
    })
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredArtifact> {
    let artifact = artifact(row)?;
    let made: Option<String> = row.get("run")?;
    let producer = match (made, artifact.id) {
        (Some(_), Some(id)) => Some(Lineage {
            artifact: id,
            run: row.word("run")?,
            task: row.text("path")?,
            key: row.get("key")?,
        }),
        (None, _) | (_, None) => None,
    };
    Ok(StoredArtifact {
        artifact,
        created_at: row.time("created_at")?,
        discarded_at: row.maybe_time("discarded_at")?,
        producer,
    })
}
