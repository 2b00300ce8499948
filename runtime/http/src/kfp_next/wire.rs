//! The proposal's messages, as protobuf writes them as JSON: what is zero or empty is left out.

use std::collections::BTreeMap;

use coracle_model::{Timestamp, Value};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct ListArtifactResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) artifacts: Vec<Artifact>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) next_page_token: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct ListArtifactTasksResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) artifact_tasks: Vec<ArtifactTask>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) next_page_token: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct ListTasksResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tasks: Vec<PipelineTaskDetail>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) next_page_token: String,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) total_size: i32,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct Artifact {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) artifact_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    /// A name of `ArtifactType`.
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) metadata: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct ArtifactTask {
    pub(super) id: String,
    pub(super) artifact_id: String,
    pub(super) run_id: String,
    pub(super) task_id: String,
    /// `OUTPUT`; an input is the zero of `ArtifactTaskType`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) producer_task_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) producer_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) artifact_key: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct PipelineTaskDetail {
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) display_name: String,
    pub(super) task_id: String,
    pub(super) run_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) cache_fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) create_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_time: Option<Timestamp>,
    /// A name of `RuntimeState`.
    pub(super) status: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) status_metadata: BTreeMap<&'static str, Value>,
    /// A name of `TaskType`; the run's own DAG is its zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) type_attributes: Option<TypeAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Status>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) parent_task_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) child_tasks: Vec<ChildTask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inputs: Option<InputOutputs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outputs: Option<InputOutputs>,
}

/// Whole numbers of 64 bits are texts.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct TypeAttributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iteration_index: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iteration_count: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct Status {
    pub(super) code: i32,
    pub(super) message: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct ChildTask {
    pub(super) task_id: String,
    pub(super) name: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct InputOutputs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) artifacts: Vec<IoArtifact>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct Parameter {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) value: String,
    pub(super) name: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct IoArtifact {
    pub(super) parameter_name: String,
    pub(super) value: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) producer: Option<IoProducer>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct IoProducer {
    pub(super) task_name: String,
    pub(super) key: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_zero(number: &i32) -> bool {
    *number == 0
}
