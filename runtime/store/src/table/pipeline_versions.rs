//! Versions of uploaded pipelines. Their definitions stand among the texts, each once.

use coracle_model::{ListQuery, Page, PipelineId, PipelineVersion, PipelineVersionId};
use rusqlite::{OptionalExtension, Row, named_params};

use super::pipelines::PipelinePatch;
use crate::column::{Columns, json, micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::listing::{Field, Listing};
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-27",
    name: "pipeline_versions",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS pipeline_versions (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            pipeline INTEGER NOT NULL REFERENCES pipelines (number) ON DELETE CASCADE,
            name TEXT NOT NULL,
            display_name TEXT NOT NULL,
            description TEXT NOT NULL,
            code_source_url TEXT NOT NULL,
            package_url TEXT NOT NULL,
            tags TEXT NOT NULL, -- versioned JSON
            created_at INTEGER NOT NULL,
            definition INTEGER NOT NULL REFERENCES texts (number),
            UNIQUE (pipeline, name)
        ) STRICT;
        CREATE INDEX IF NOT EXISTS pipeline_versions_by_definition ON pipeline_versions (definition);
    ",
    older: Older::MayNot(Format(2)),
}];

const LISTING: Listing = Listing {
    noun: "PipelineVersion",
    table: "pipeline_versions",
    columns: COLUMNS,
    tags: Some("tags"),
    fields: &[
        Field::text("pipeline_id", PIPELINE),
        Field::text("pipeline_version_id", "id"),
        Field::text("id", "id"),
        Field::text("name", "name"),
        Field::text("display_name", "display_name"),
        Field::text("description", "description"),
        Field::text("code_source_url", "code_source_url"),
        Field::text("status", "'READY'"),
        Field::text("pipeline_spec", BODY),
        Field::time("created_at", "created_at"),
    ],
};

const PIPELINE: &str =
    "(SELECT id FROM pipelines WHERE pipelines.number = pipeline_versions.pipeline)";

const BODY: &str = "(SELECT body FROM texts WHERE texts.number = pipeline_versions.definition)";

const COLUMNS: &str =
    "id, name, display_name, description, code_source_url, package_url, tags, created_at,
    (SELECT id FROM pipelines WHERE pipelines.number = pipeline_versions.pipeline) AS pipeline_id,
    (SELECT body FROM texts WHERE texts.number = pipeline_versions.definition) AS body";

impl Store {
    /// Remembers a new version of a pipeline.
    ///
    /// # Errors
    /// [`StoreError::NotStored`] when there is no such pipeline; [`StoreError::NameTaken`];
    /// [`StoreError::DiskFull`] and the like.
    pub fn create_pipeline_version(&self, version: &PipelineVersion) -> Result<(), StoreError> {
        self.write("record a pipeline version", |writing| {
            writing.add_version(version)
        })
    }

    /// A version of a pipeline.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn pipeline_version(
        &self,
        id: PipelineVersionId,
    ) -> Result<Option<PipelineVersion>, StoreError> {
        self.find_version("id = ?1", &id.to_string())
    }

    /// The newest version of a pipeline.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn latest_version(&self, id: PipelineId) -> Result<Option<PipelineVersion>, StoreError> {
        let of_pipeline = "pipeline = (SELECT number FROM pipelines WHERE id = ?1)
            ORDER BY created_at DESC, number DESC LIMIT 1";
        self.find_version(of_pipeline, &id.to_string())
    }

    /// A page of versions.
    ///
    /// # Errors
    /// A field that versions do not have; when the database cannot be read.
    pub fn list_pipeline_versions(
        &self,
        query: &ListQuery,
    ) -> Result<Page<PipelineVersion>, StoreError> {
        self.list(&LISTING, query, version)
    }

    /// Changes what can be changed of a version.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; [`StoreError::DiskFull`] and the like.
    pub fn patch_pipeline_version(
        &self,
        id: PipelineVersionId,
        patch: &PipelinePatch,
    ) -> Result<(), StoreError> {
        self.write("change a pipeline version", |writing| {
            writing.patch(
                "pipeline version",
                "pipeline_versions",
                &id.to_string(),
                patch,
            )
        })
    }

    /// Forgets a version. Runs that were made of it stay.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; [`StoreError::DiskFull`] and the like.
    pub fn delete_pipeline_version(&self, id: PipelineVersionId) -> Result<(), StoreError> {
        self.write("remove a pipeline version", |writing| {
            let definition: i64 = writing
                .prepare_cached("DELETE FROM pipeline_versions WHERE id = ?1 RETURNING definition")?
                .query_row([id.to_string()], |row| row.get(0))
                .optional()?
                .ok_or_else(|| StoreError::not_stored("pipeline version", id))?;
            writing.drop_unused_texts(&[definition])
        })
    }

    fn find_version(
        &self,
        condition: &str,
        value: &str,
    ) -> Result<Option<PipelineVersion>, StoreError> {
        self.read("read a pipeline version", |reading| {
            reading
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM pipeline_versions WHERE {condition}"
                ))?
                .query_row([value], version)
                .optional()
        })
    }
}

impl Writing<'_> {
    pub(super) fn add_version(&self, version: &PipelineVersion) -> Result<(), Refusal> {
        let pipeline: i64 = self
            .prepare_cached("SELECT number FROM pipelines WHERE id = ?1")?
            .query_row([version.pipeline.to_string()], |row| row.get(0))
            .optional()?
            .ok_or_else(|| StoreError::not_stored("pipeline", version.pipeline))?;
        let name = &version.name;
        let found = "SELECT 1 FROM pipeline_versions WHERE pipeline = ?1 AND name = ?2";
        self.keep_unique("pipeline version", name, found, (pipeline, name))?;
        let definition = self.keep_text(&version.definition)?;
        self.prepare_cached(
            "INSERT INTO pipeline_versions (id, pipeline, name, display_name, description, code_source_url, package_url,
                tags, created_at, definition)
            VALUES (:id, :pipeline, :name, :display_name, :description, :code_source_url, :package_url,
                :tags, :created_at, :definition)",
        )?
        .execute(named_params! {
            ":id": version.id.to_string(),
            ":pipeline": pipeline,
            ":name": version.name,
            ":display_name": version.display_name,
            ":description": version.description,
            ":code_source_url": version.code_source_url,
            ":package_url": version.package_url,
            ":tags": json(&version.tags),
            ":created_at": micros(version.created_at),
            ":definition": definition,
        })?;
        Ok(())
    }
}

fn version(row: &Row<'_>) -> rusqlite::Result<PipelineVersion> {
    Ok(PipelineVersion {
        id: row.word("id")?,
        pipeline: row.word("pipeline_id")?,
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        description: row.get("description")?,
        code_source_url: row.get("code_source_url")?,
        package_url: row.get("package_url")?,
        tags: row.json("tags")?,
        created_at: row.time("created_at")?,
        definition: row.get("body")?,
    })
}
