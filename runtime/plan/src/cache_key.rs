//! What a cached step is found by: KFP's cache key, with the image's digest in place of its name alone.

use std::collections::BTreeMap;

use coracle_model::{Artifact, ArtifactType, Fingerprint, ImageDigest, Value};
use coracle_spec::pipeline::{Component, ParameterType};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::node::Inputs;

/// The parts of a fingerprint. Two steps of one pipeline with equal parts do the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheKey {
    /// `cacheKey` of the definition: when present, it and the component's name are all that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_key: Option<(String, String)>,
    /// Input artifacts by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_artifacts: BTreeMap<String, Vec<String>>,
    /// Input parameters that were given; defaults left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_parameters: BTreeMap<String, Value>,
    /// Declared output artifacts: type and metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub output_artifacts: BTreeMap<String, (ArtifactType, BTreeMap<String, Value>)>,
    /// Declared output parameters and their types.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub output_parameters: BTreeMap<String, String>,
    /// The image as the definition names it.
    #[serde(default)]
    pub image: String,
    /// What that image was; none until it has been looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// Command and arguments before placeholders are filled in.
    #[serde(default)]
    pub command: Vec<String>,
    /// Persistent volume claims that are mounted, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
}

impl CacheKey {
    /// The parts of a step's key that the definition and the step's inputs give.
    pub(crate) fn of_step(
        component: &Component,
        inputs: &Inputs,
        image: &str,
        command: Vec<String>,
    ) -> Self {
        Self {
            user_key: None,
            input_artifacts: inputs
                .artifacts
                .iter()
                .map(|(key, list)| (key.clone(), list.iter().map(name_of).collect()))
                .collect(),
            input_parameters: inputs.parameters.clone(),
            output_artifacts: component
                .output_artifacts
                .iter()
                .map(|(name, spec)| {
                    (
                        name.clone(),
                        (spec.artifact_type.clone(), spec.metadata.clone()),
                    )
                })
                .collect(),
            output_parameters: component
                .output_parameters
                .iter()
                .map(|(name, parameter_type)| (name.clone(), type_name(*parameter_type).to_owned()))
                .collect(),
            image: image.to_owned(),
            image_digest: None,
            command,
            volumes: Vec::new(),
        }
    }

    /// The same key with the image's digest, which completes it.
    #[must_use]
    pub fn with_digest(self, digest: &ImageDigest) -> Self {
        Self {
            image_digest: Some(digest.to_string()),
            ..self
        }
    }

    /// The hex SHA-256 of the parts.
    pub fn fingerprint(&self) -> Fingerprint {
        let text = match &self.user_key {
            Some((component, key)) => format!("{component}\0{key}"),
            None => self.document(),
        };
        Fingerprint::from(hex::encode(Sha256::digest(text)))
    }

    /// The parts as JSON, kept so that `coracle why` can name what changed.
    pub fn document(&self) -> String {
        serde_json::to_string(self).expect("a cache key holds only text, lists and maps")
    }
}

/// An artifact's id, or its URI when it was never recorded.
fn name_of(artifact: &Artifact) -> String {
    artifact
        .id
        .map_or_else(|| artifact.uri.to_string(), |id| id.to_string())
}

fn type_name(parameter_type: ParameterType) -> &'static str {
    match parameter_type {
        ParameterType::String => "STRING",
        ParameterType::Integer => "NUMBER_INTEGER",
        ParameterType::Double => "NUMBER_DOUBLE",
        ParameterType::Boolean => "BOOLEAN",
        ParameterType::List => "LIST",
        ParameterType::Struct => "STRUCT",
        ParameterType::TaskFinalStatus => "TASK_FINAL_STATUS",
        ParameterType::TaskConfig => "TASK_CONFIG",
    }
}
