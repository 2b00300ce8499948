//! Artifacts: what steps leave behind, with their types, places and lineage.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{RunId, TaskPath, Value};

/// The number of an artifact in this workbench. KFP shows it as the artifact's name to user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArtifactId(pub i64);

impl fmt::Display for ArtifactId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Where an artifact's bytes are, as user code sees it: `minio://mlpipeline/v2/artifacts/…`, `gs://…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct ArtifactUri(Arc<str>);

impl ArtifactUri {
    /// The URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ArtifactUri {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for ArtifactUri {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for ArtifactUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The type of an artifact, as KFP's `ArtifactTypeSchema`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ArtifactType {
    /// `system.Dataset`, `system.Model` and so on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub schema_title: String,
    /// The version of that schema.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub schema_version: String,
    /// A schema of the definition's own, instead of a title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instance_schema: String,
}

impl ArtifactType {
    /// Whether what an artifact of this type has to say stands in its metadata, as numbers and tables.
    pub fn is_metrics(&self) -> bool {
        const METRICS: [&str; 3] = [
            "system.Metrics",
            "system.ClassificationMetrics",
            "system.SlicedClassificationMetrics",
        ];
        METRICS.contains(&self.schema_title.as_str())
    }
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its number; a provisioned output has none until it is recorded.
    pub id: Option<ArtifactId>,
    /// The name of the output that made it.
    pub name: String,
    /// Its type.
    pub artifact_type: ArtifactType,
    /// Where its bytes are.
    pub uri: ArtifactUri,
    /// What its maker said of it: metrics, shapes, labels.
    pub metadata: BTreeMap<String, Value>,
    /// Where inside the step it lies instead of at the place that its URI maps onto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_path: Option<String>,
    /// The SHA-256 of its bytes in hexadecimal, where whoever kept them told it; of a folder, that of the list of its files with theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Who made or read an artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lineage {
    /// The artifact.
    pub artifact: ArtifactId,
    /// The run.
    pub run: RunId,
    /// The task in that run.
    pub task: TaskPath,
    /// The name of the input or output.
    pub key: String,
}
