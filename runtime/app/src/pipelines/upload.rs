//! Making pipelines and versions: from a file, or a pipeline without any version yet.

use std::collections::BTreeMap;

use coracle_model::{Pipeline, PipelineId, PipelineVersion, PipelineVersionId, Timestamp};

use super::definition::kept_text;
use super::tags;
use super::versions::VersionDetail;
use crate::config::UploadsTaken;
use crate::error::AppError;
use crate::exact::exact;
use crate::workbench::Workbench;

/// A pipeline to be made, or a version of one: what is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewPipeline {
    /// Its name, unique and never changed.
    pub name: String,
    /// The name people see.
    pub display_name: String,
    /// What it does.
    pub description: String,
    /// Words and values to find it by.
    pub tags: BTreeMap<String, String>,
}

/// A file with a definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Package {
    /// Its bytes: YAML, JSON, a zip or a gzipped tar of one.
    pub bytes: Vec<u8>,
    /// Its name, whose ending says how the bytes are read.
    pub file_name: String,
    /// Where its source is to be seen.
    pub code_source_url: String,
    /// Where it was fetched from, when it was not sent.
    pub url: String,
}

impl Workbench {
    /// Makes a pipeline without a version.
    ///
    /// # Errors
    /// When the name is taken, or tags are not as they have to be.
    pub async fn create_pipeline(&self, new: NewPipeline) -> Result<Pipeline, AppError> {
        let now = self.inner.clock.now();
        self.ask_store(move |store| {
            tags::check(&new.tags)?;
            let pipeline = pipeline(new, now);
            store.create_pipeline(&pipeline, None)?;
            Ok(pipeline)
        })
        .await
    }

    /// Makes a pipeline of a file, which becomes its first version and bears its name.
    ///
    /// # Errors
    /// A definition that could not be run; as [`Workbench::create_pipeline`].
    pub async fn upload_pipeline(
        &self,
        new: NewPipeline,
        package: Package,
    ) -> Result<Pipeline, AppError> {
        let (now, taken) = (self.inner.clock.now(), self.inner.config.uploads);
        self.ask_store(move |store| {
            tags::check(&new.tags)?;
            let of_version = NewPipeline {
                tags: BTreeMap::new(),
                ..new.clone()
            };
            let pipeline = pipeline(new, now);
            let version = version(pipeline.id, of_version, package, taken, now)?;
            store.create_pipeline(&pipeline, Some(&version))?;
            Ok(pipeline)
        })
        .await
    }

    /// Makes a version of a pipeline of a file.
    ///
    /// # Errors
    /// When there is no such pipeline; as [`Workbench::upload_pipeline`].
    pub async fn upload_pipeline_version(
        &self,
        pipeline: String,
        new: NewPipeline,
        package: Package,
    ) -> Result<VersionDetail, AppError> {
        let (now, taken) = (self.inner.clock.now(), self.inner.config.uploads);
        self.ask_store(move |store| {
            let pipeline: PipelineId = exact(super::WHAT, &pipeline)?;
            if store.pipeline(pipeline)?.is_none() {
                return Err(AppError::not_found(super::WHAT, &pipeline.to_string()));
            }
            tags::check(&new.tags)?;
            let version = version(pipeline, new, package, taken, now)?;
            store.create_pipeline_version(&version)?;
            Ok(version.into())
        })
        .await
    }
}

fn pipeline(new: NewPipeline, now: Timestamp) -> Pipeline {
    Pipeline {
        id: PipelineId::random(),
        name: new.name,
        display_name: new.display_name,
        description: new.description,
        tags: new.tags,
        created_at: now,
    }
}

fn version(
    pipeline: PipelineId,
    new: NewPipeline,
    package: Package,
    taken: UploadsTaken,
    now: Timestamp,
) -> Result<PipelineVersion, AppError> {
    let definition = kept_text(&package.bytes, &package.file_name, taken)?;
    Ok(PipelineVersion {
        id: PipelineVersionId::random(),
        pipeline,
        name: new.name,
        display_name: new.display_name,
        description: new.description,
        code_source_url: package.code_source_url,
        package_url: package.url,
        tags: new.tags,
        created_at: now,
        definition,
    })
}
