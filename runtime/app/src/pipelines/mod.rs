//! Uploaded pipelines and their versions.

mod definition;
mod fetch;
mod tags;
mod upload;
mod versions;

use std::collections::BTreeMap;

use coracle_model::{ListQuery, Page, Pipeline, PipelineId};
use coracle_store::PipelinePatch;

use crate::error::AppError;
use crate::exact::exact;
use crate::workbench::Workbench;

pub use definition::Source;
pub(crate) use definition::{Resolved, read as read_definition, resolve};
pub use upload::{NewPipeline, Package};
pub use versions::VersionDetail;

const WHAT: &str = "pipeline";

/// What becomes of a pipeline's versions when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// They go with it.
    Go,
    /// They keep it from being deleted.
    Keep,
}

impl Workbench {
    /// A pipeline.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn pipeline(&self, id: String) -> Result<Pipeline, AppError> {
        self.ask_store(move |store| {
            store
                .pipeline(exact(WHAT, &id)?)?
                .ok_or_else(|| AppError::not_found(WHAT, &id))
        })
        .await
    }

    /// The pipeline of a name.
    ///
    /// # Errors
    /// When there is none.
    pub async fn pipeline_by_name(&self, name: String) -> Result<Pipeline, AppError> {
        self.ask_store(move |store| {
            store
                .pipeline_by_name(&name)?
                .ok_or_else(|| AppError::not_found(WHAT, &name))
        })
        .await
    }

    /// A page of pipelines.
    ///
    /// # Errors
    /// A field that pipelines do not have.
    pub async fn pipelines(&self, query: ListQuery) -> Result<Page<Pipeline>, AppError> {
        self.ask_store(move |store| Ok(store.list_pipelines(&query)?))
            .await
    }

    /// Changes the name that people see, and the tags, where they are given.
    ///
    /// # Errors
    /// When there is none of this id; tags that are not taken.
    pub async fn patch_pipeline(
        &self,
        id: String,
        display_name: Option<String>,
        tags: Option<BTreeMap<String, String>>,
    ) -> Result<Pipeline, AppError> {
        self.ask_store(move |store| {
            let patch = checked_patch(display_name, tags)?;
            let id: PipelineId = exact(WHAT, &id)?;
            store.patch_pipeline(id, &patch)?;
            store
                .pipeline(id)?
                .ok_or_else(|| AppError::not_found(WHAT, &id.to_string()))
        })
        .await
    }

    /// Forgets a pipeline. Runs that were made of it stay.
    ///
    /// # Errors
    /// When there is none of this id, or it has versions that are to be kept.
    pub async fn delete_pipeline(&self, id: String, versions: Versions) -> Result<(), AppError> {
        self.ask_store(move |store| {
            let id = exact(WHAT, &id)?;
            match (versions, store.latest_version(id)?) {
                (Versions::Keep, Some(version)) => Err(AppError::HasVersions {
                    pipeline: id,
                    example: version.id,
                }),
                (Versions::Keep, None) | (Versions::Go, _) => Ok(store.delete_pipeline(id)?),
            }
        })
        .await
    }
}

fn checked_patch(
    display_name: Option<String>,
    tags: Option<BTreeMap<String, String>>,
) -> Result<PipelinePatch, AppError> {
    if let Some(tags) = &tags {
        tags::check(tags)?;
    }
    Ok(PipelinePatch { display_name, tags })
}
