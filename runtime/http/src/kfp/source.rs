//! What runs and recurring runs are made of, and with which values: the same fields in both.

use std::collections::BTreeMap;

use coracle_app::{Source, inline_definition};
use coracle_model::{Value, VersionRef};
use serde::Serialize;

use super::fault::Fault;
use super::json::{Member, Object, OneOf};
use super::write::is_empty;

/// What a request says of the source.
#[derive(Default)]
pub(super) struct GivenSource {
    spec: Option<Value>,
    pipeline_id: String,
    pipeline_version_id: String,
}

impl GivenSource {
    /// Reads a field, when it is one of these.
    pub(super) fn read(
        &mut self,
        name: &str,
        member: &Member<'_>,
        one_of: &mut OneOf,
    ) -> Result<bool, Fault> {
        match name {
            "pipeline_spec" => {
                one_of.take(member)?;
                self.spec = member.structure()?;
            }
            "pipeline_version_reference" => {
                one_of.take(member)?;
                if let Some(object) = member.object()? {
                    self.read_reference(object)?;
                }
            }
            // Long replaced by the reference, and without effect.
            "pipeline_version_id" => {
                one_of.take(member)?;
                member.text()?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn read_reference(&mut self, object: Object<'_>) -> Result<(), Fault> {
        object.read(|name, member| {
            match name {
                "pipeline_id" => self.pipeline_id = member.text()?,
                "pipeline_version_id" => self.pipeline_version_id = member.text()?,
                _ => return Err(member.unknown()),
            }
            Ok(())
        })
    }

    /// Whether the newest version of a pipeline is meant, whichever that is.
    pub(super) fn is_latest(&self) -> bool {
        self.spec.is_none() && self.pipeline_version_id.is_empty()
    }

    pub(super) fn into_source(self) -> Source {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        match self.spec {
            Some(spec) => Source::Inline(inline_definition(&spec)),
            None => Source::Uploaded {
                pipeline: some(self.pipeline_id),
                version: some(self.pipeline_version_id),
            },
        }
    }
}

/// `pipeline_version_reference` of an answer.
#[derive(Serialize)]
pub(super) struct Reference {
    pipeline_id: String,
    #[serde(skip_serializing_if = "is_empty")]
    pipeline_version_id: String,
}

impl From<VersionRef> for Reference {
    fn from(version: VersionRef) -> Self {
        Self {
            pipeline_id: version.pipeline.to_string(),
            pipeline_version_id: version.version.to_string(),
        }
    }
}

impl Reference {
    /// To a pipeline, whichever its newest version is.
    pub(super) fn latest(pipeline: coracle_model::PipelineId) -> Self {
        Self {
            pipeline_id: pipeline.to_string(),
            pipeline_version_id: String::new(),
        }
    }
}

/// `runtime_config`, in both directions.
#[derive(Default, Serialize)]
pub(super) struct RuntimeConfig {
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) parameters: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) pipeline_root: String,
}

impl RuntimeConfig {
    pub(super) fn read(member: &Member<'_>) -> Result<Self, Fault> {
        let mut config = Self::default();
        if let Some(object) = member.object()? {
            object.read(|name, member| {
                match name {
                    "parameters" => config.parameters = member.values()?,
                    "pipeline_root" => config.pipeline_root = member.text()?,
                    _ => return Err(member.unknown()),
                }
                Ok(())
            })?;
        }
        Ok(config)
    }

    /// None when it says nothing.
    pub(super) fn of(
        parameters: BTreeMap<String, Value>,
        pipeline_root: Option<String>,
    ) -> Option<Self> {
        let config = Self {
            parameters,
            pipeline_root: pipeline_root.unwrap_or_default(),
        };
        (!config.parameters.is_empty() || !config.pipeline_root.is_empty()).then_some(config)
    }
}
