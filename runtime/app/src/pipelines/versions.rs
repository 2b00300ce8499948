//! Versions of pipelines.

use std::collections::BTreeMap;

use coracle_model::{
    Comparison, ListQuery, Operand, Page, PipelineId, PipelineVersion, PipelineVersionId, Predicate,
};

use coracle_spec::pipeline;

use crate::error::AppError;
use crate::exact::exact;
use crate::workbench::Workbench;

const WHAT: &str = "pipeline version";

/// A version with its definition as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionDetail {
    /// What is remembered of it.
    pub version: PipelineVersion,
    /// Its definition as JSON: the pipeline, or an object of that and the platform's settings.
    pub definition: Option<String>,
}

impl From<PipelineVersion> for VersionDetail {
    fn from(version: PipelineVersion) -> Self {
        Self {
            definition: pipeline::to_json(&version.definition),
            version,
        }
    }
}

impl Workbench {
    /// A version of a pipeline.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn pipeline_version(&self, id: String) -> Result<VersionDetail, AppError> {
        self.ask_store(move |store| {
            store
                .pipeline_version(exact(WHAT, &id)?)?
                .map(Into::into)
                .ok_or_else(|| AppError::not_found(WHAT, &id))
        })
        .await
    }

    /// The definition of a version, as it was written.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn pipeline_version_text(&self, id: String) -> Result<String, AppError> {
        self.ask_store(move |store| {
            let found = store.pipeline_version(exact(WHAT, &id)?)?;
            found
                .map(|version| version.definition)
                .ok_or_else(|| AppError::not_found(WHAT, &id))
        })
        .await
    }

    /// A page of the versions of a pipeline.
    ///
    /// # Errors
    /// When there is no such pipeline, and for a field that versions do not have.
    pub async fn pipeline_versions(
        &self,
        pipeline: String,
        mut query: ListQuery,
    ) -> Result<Page<VersionDetail>, AppError> {
        self.ask_store(move |store| {
            let id: PipelineId = exact("pipeline", &pipeline)?;
            query.predicates.push(Predicate {
                field: "pipeline_id".to_owned(),
                comparison: Comparison::Equals,
                operand: Operand::Text(pipeline.clone()),
            });
            let page = store.list_pipeline_versions(&query)?;
            match store.pipeline(id)? {
                Some(_) => Ok(Page {
                    items: page.items.into_iter().map(Into::into).collect(),
                    total: page.total,
                    next: page.next,
                }),
                None => Err(AppError::not_found("pipeline", &pipeline)),
            }
        })
        .await
    }

    /// Changes the name that people see, and the tags, where they are given.
    ///
    /// # Errors
    /// When there is none of this id; tags that are not taken.
    pub async fn patch_pipeline_version(
        &self,
        id: String,
        display_name: Option<String>,
        tags: Option<BTreeMap<String, String>>,
    ) -> Result<VersionDetail, AppError> {
        self.ask_store(move |store| {
            let patch = super::checked_patch(display_name, tags)?;
            let id: PipelineVersionId = exact(WHAT, &id)?;
            store.patch_pipeline_version(id, &patch)?;
            store
                .pipeline_version(id)?
                .map(Into::into)
                .ok_or_else(|| AppError::not_found(WHAT, &id.to_string()))
        })
        .await
    }

    /// Forgets a version. Runs that were made of it stay.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn delete_pipeline_version(&self, id: String) -> Result<(), AppError> {
        self.ask_store(move |store| Ok(store.delete_pipeline_version(exact(WHAT, &id)?)?))
            .await
    }
}
