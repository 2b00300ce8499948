//! A pipeline as a workflow of Argo.

use std::collections::BTreeMap;

use coracle_model::WorkflowSettings;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Bytes, ParameterValue, RemoteRecurrence};

/// `POST /definitions:lower`: a pipeline, and what a cluster with Argo Workflows is to run it with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LowerDefinition {
    /// The file's bytes, as base64: YAML, JSON, a zip or a gzipped tar of one.
    pub definition: Bytes,
    /// The file's name. Its ending says how the bytes are read, and it stands in messages; nothing is opened.
    pub file_name: String,
    /// The pipeline's parameters by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The name people see; the pipeline's when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where artifacts are said to be: a `minio://`, `s3://` or `gs://` URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_root: Option<String>,
    /// What of the cluster the workflow needs.
    pub on: WorkflowSettings,
    /// When it runs again and again; once when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<RemoteRecurrence>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoweredDefinition {
    /// The `Workflow`, or `CronWorkflow` of one that runs again and again; none when something of the pipeline is not portable.
    #[schema(value_type = Option<Object>)]
    pub workflow: Option<serde_json::Value>,
    /// What becomes of each thing that does not go over as it is, the gravest first.
    pub findings: Vec<LoweringFinding>,
}

/// One thing of a pipeline and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoweringFinding {
    /// Where it stands: `root`, a component, an executor, with a field.
    pub place: String,
    /// How it goes over.
    pub parity: LoweringParity,
    /// Why, in a sentence.
    pub reason: String,
}

/// How something goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoweringParity {
    /// It means the same, in other words.
    Translated,
    /// It has a meaning on the cluster that it does not have here.
    ClusterOnly,
    /// It would mean something else, so there is no workflow.
    NotPortable,
}
