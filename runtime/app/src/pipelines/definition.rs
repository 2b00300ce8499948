//! What something is to be run of, and the definition that it stands for.

use coracle_model::{Diagnostic, PipelineId, PipelineVersion, PipelineVersionId, VersionRef};
use coracle_spec::pipeline::{self, Definition};
use coracle_store::Store;

use crate::config::UploadsTaken;
use crate::error::AppError;
use crate::exact::exact;
use crate::view::{CheckDefinition, DefinitionReport};
use crate::workbench::{Workbench, off_runtime};

/// The name under which a definition without a file is spoken of.
const UNNAMED: &str = "pipeline.json";

/// What a text is read as.
const TEXT: &str = "pipeline.yaml";

/// What something is to be run of.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A definition of its own: a text of one or two documents.
    Inline(String),
    /// An uploaded pipeline.
    Uploaded {
        /// The pipeline's id; that of the version when it is left out.
        pipeline: Option<String>,
        /// The version's id; the newest one when it is left out.
        version: Option<String>,
    },
}

/// A definition that can be run, and the version that it is.
pub(crate) struct Resolved {
    pub(crate) definition: Definition,
    pub(crate) version: Option<VersionRef>,
}

impl Workbench {
    /// Everything that is wrong with a text, as it will be said when it is to be run.
    ///
    /// # Errors
    /// None that is about the text.
    pub async fn check_definition(
        &self,
        request: CheckDefinition,
    ) -> Result<DefinitionReport, AppError> {
        off_runtime(move || {
            let reading = pipeline::read(request.text.as_bytes(), TEXT);
            Ok(DefinitionReport {
                runnable: reading.definition.is_some(),
                diagnostics: reading.diagnostics,
            })
        })
        .await
    }
}

/// Finds what is to be run.
pub(crate) fn resolve(store: &Store, source: &Source) -> Result<Resolved, AppError> {
    match source {
        Source::Inline(text) => Ok(Resolved {
            definition: read(text.as_bytes(), UNNAMED)?.0,
            version: None,
        }),
        Source::Uploaded { pipeline, version } => {
            let found = find(store, pipeline.as_deref(), version.as_deref())?;
            Ok(Resolved {
                definition: read(found.definition.as_bytes(), UNNAMED)?.0,
                version: Some(VersionRef {
                    pipeline: found.pipeline,
                    version: found.id,
                }),
            })
        }
    }
}

/// Reads a definition, with warnings about it, or says everything that keeps it from being run.
pub(crate) fn read(
    bytes: &[u8],
    file_name: &str,
) -> Result<(Definition, Vec<Diagnostic>), AppError> {
    let reading = pipeline::read(bytes, file_name);
    match reading.definition {
        Some(definition) => Ok((definition, reading.diagnostics)),
        None => Err(AppError::Definition {
            file_name: file_name.to_owned(),
            diagnostics: reading.diagnostics,
        }),
    }
}

/// What KFP's server does not see before a run is made: it takes such packages, and each run of them fails.
const SEEN_LATE: [&str; 10] = [
    "argo-workflow",
    "climbing-definition",
    "component-cycle",
    "missing-component",
    "missing-executor",
    "task-cycle",
    "unknown-component",
    "unknown-executor",
    "unknown-output",
    "unknown-task",
];

/// The text of a package that is to be kept, as far as it has to be right for that.
pub(super) fn kept_text(
    bytes: &[u8],
    file_name: &str,
    taken: UploadsTaken,
) -> Result<String, AppError> {
    let reading = pipeline::read(bytes, file_name);
    let mut errors = reading.diagnostics.iter().filter(|found| found.is_error());
    let fits = match taken {
        UploadsTaken::Runnable => reading.definition.is_some(),
        UploadsTaken::All => errors.all(|found| SEEN_LATE.contains(&found.code.as_str())),
    };
    let refused = || AppError::Definition {
        file_name: file_name.to_owned(),
        diagnostics: reading.diagnostics.clone(),
    };
    reading.text.clone().filter(|_| fits).ok_or_else(refused)
}

fn find(
    store: &Store,
    pipeline: Option<&str>,
    version: Option<&str>,
) -> Result<PipelineVersion, AppError> {
    match (pipeline, version) {
        (None, None) => Err(AppError::NoSource),
        (Some(pipeline), None) => latest(store, pipeline),
        (asked, Some(version)) => {
            let id: PipelineVersionId = exact("pipeline version", version)?;
            let found = store
                .pipeline_version(id)?
                .ok_or_else(|| AppError::not_found("pipeline version", version))?;
            match asked.filter(|asked| *asked != found.pipeline.to_string()) {
                Some(asked) => Err(AppError::OtherPipeline {
                    version: id,
                    pipeline: found.pipeline,
                    asked: asked.to_owned(),
                }),
                None => Ok(found),
            }
        }
    }
}

fn latest(store: &Store, pipeline: &str) -> Result<PipelineVersion, AppError> {
    let id: PipelineId = exact("pipeline", pipeline)?;
    if let Some(version) = store.latest_version(id)? {
        return Ok(version);
    }
    match store.pipeline(id)? {
        Some(_) => Err(AppError::NoVersions(id)),
        None => Err(AppError::not_found("pipeline", pipeline)),
    }
}
