//! Uploaded pipelines.

use std::collections::BTreeMap;

use coracle_model::{ListQuery, Page, Pipeline, PipelineId, PipelineVersion};
use rusqlite::{OptionalExtension, Row, named_params};

use crate::column::{Columns, json, micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::listing::{Field, Listing};
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-27",
    name: "pipelines",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS pipelines (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL,
            description TEXT NOT NULL,
            tags TEXT NOT NULL, -- versioned JSON
            created_at INTEGER NOT NULL
        ) STRICT;
    ",
    older: Older::MayNot(Format(2)),
}];

const LISTING: Listing = Listing {
    noun: "Pipeline",
    table: "pipelines",
    columns: COLUMNS,
    tags: Some("tags"),
    fields: &[
        Field::text("pipeline_id", "id"),
        Field::text("id", "id"),
        Field::text("name", "name"),
        Field::text("display_name", "display_name"),
        Field::text("description", "description"),
        Field::text("namespace", "''"),
        Field::time("created_at", "created_at"),
    ],
};

const COLUMNS: &str = "id, name, display_name, description, tags, created_at";

/// What of a pipeline or of a version can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PipelinePatch {
    /// The name people see.
    pub display_name: Option<String>,
    /// All words and values to find it by.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Store {
    /// Remembers a new pipeline, with its first version when it has one.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`]; [`StoreError::DiskFull`] and the like.
    pub fn create_pipeline(
        &self,
        pipeline: &Pipeline,
        first: Option<&PipelineVersion>,
    ) -> Result<(), StoreError> {
        self.write("record a pipeline", |writing| {
            writing.add_pipeline(pipeline)?;
            first.map_or(Ok(()), |version| writing.add_version(version))
        })
    }

    /// A pipeline.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn pipeline(&self, id: PipelineId) -> Result<Option<Pipeline>, StoreError> {
        self.find_pipeline("id", &id.to_string())
    }

    /// The pipeline of a name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn pipeline_by_name(&self, name: &str) -> Result<Option<Pipeline>, StoreError> {
        self.find_pipeline("name", name)
    }

    /// A page of pipelines.
    ///
    /// # Errors
    /// A field that pipelines do not have; when the database cannot be read.
    pub fn list_pipelines(&self, query: &ListQuery) -> Result<Page<Pipeline>, StoreError> {
        self.list(&LISTING, query, pipeline)
    }

    /// Changes what can be changed of a pipeline.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; [`StoreError::DiskFull`] and the like.
    pub fn patch_pipeline(&self, id: PipelineId, patch: &PipelinePatch) -> Result<(), StoreError> {
        self.write("change a pipeline", |writing| {
            writing.patch("pipeline", "pipelines", &id.to_string(), patch)
        })
    }

    /// Forgets a pipeline with its versions. Runs that were made of them stay.
    ///
    /// # Errors
    /// [`StoreError::NotStored`]; [`StoreError::DiskFull`] and the like.
    pub fn delete_pipeline(&self, id: PipelineId) -> Result<(), StoreError> {
        self.write("remove a pipeline", |writing| {
            let number: i64 = writing
                .prepare_cached("SELECT number FROM pipelines WHERE id = ?1")?
                .query_row([id.to_string()], |row| row.get(0))
                .optional()?
                .ok_or_else(|| StoreError::not_stored("pipeline", id))?;
            let texts = writing.numbers(
                "SELECT definition FROM pipeline_versions WHERE pipeline = ?1",
                number,
            )?;
            writing
                .prepare_cached("DELETE FROM pipelines WHERE number = ?1")?
                .execute([number])?;
            writing.drop_unused_texts(&texts)
        })
    }

    fn find_pipeline(&self, column: &str, value: &str) -> Result<Option<Pipeline>, StoreError> {
        self.read("read a pipeline", |reading| {
            reading
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM pipelines WHERE {column} = ?1"
                ))?
                .query_row([value], pipeline)
                .optional()
        })
    }
}

impl Writing<'_> {
    fn add_pipeline(&self, pipeline: &Pipeline) -> Result<(), Refusal> {
        let name = &pipeline.name;
        let found = "SELECT 1 FROM pipelines WHERE name = ?1";
        self.keep_unique("pipeline", name, found, [name])?;
        self.prepare_cached(
            "INSERT INTO pipelines (id, name, display_name, description, tags, created_at)
            VALUES (:id, :name, :display_name, :description, :tags, :created_at)",
        )?
        .execute(named_params! {
            ":id": pipeline.id.to_string(),
            ":name": pipeline.name,
            ":display_name": pipeline.display_name,
            ":description": pipeline.description,
            ":tags": json(&pipeline.tags),
            ":created_at": micros(pipeline.created_at),
        })?;
        Ok(())
    }

    /// Changes a row of pipelines or of their versions.
    pub(super) fn patch(
        &self,
        what: &'static str,
        table: &str,
        id: &str,
        patch: &PipelinePatch,
    ) -> Result<(), Refusal> {
        let statement = format!(
            "UPDATE {table} SET display_name = ifnull(?2, display_name), tags = ifnull(?3, tags) WHERE id = ?1"
        );
        let tags = patch.tags.as_ref().map(json);
        self.change(what, id, &statement, (id, &patch.display_name, tags))
    }
}

fn pipeline(row: &Row<'_>) -> rusqlite::Result<Pipeline> {
    Ok(Pipeline {
        id: row.word("id")?,
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        description: row.get("description")?,
        tags: row.json("tags")?,
        created_at: row.time("created_at")?,
    })
}
