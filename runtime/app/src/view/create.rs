//! Asking for a run.

use std::collections::BTreeMap;

use coracle_model::{Diagnostic, RunId, TaskPath, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Bytes;

/// `POST /runs`: a pipeline to run, and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRun {
    /// The file's bytes, as base64: YAML, JSON, a zip or a gzipped tar of one.
    pub definition: Bytes,
    /// The file's name. Its ending says how the bytes are read, and it stands in messages; nothing is opened.
    pub file_name: String,
    /// The pipeline's parameters by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The name people see; made from the pipeline's when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where artifacts go: a `minio://`, `s3://` or `gs://` URI; all three are kept on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_root: Option<String>,
    /// Whether results of earlier runs may be used; true when it is left out.
    #[serde(default = "yes")]
    pub cache: bool,
}

/// A parameter as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ParameterValue {
    /// A text that is read as the declared type, as `-p n=3` on a command line.
    Text(String),
    /// A value that has to be of the declared type already.
    Value(Value),
}

/// `POST /runs/{run}:rerun`: a new run that takes over everything before a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rerun {
    /// The step to begin with: a task path, or the end of one when that is unique. What it does not depend on
    /// is taken over from the old run.
    pub from: String,
}

/// `POST /opened-steps`: a notebook in a step's image, with what the step was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenStep {
    /// The step: a task path, or the end of one when that is unique.
    pub step: String,
    /// The run: its id, or a beginning of it that is unique; the newest that has such a step when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// A notebook that a step was opened as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenedStep {
    /// The run.
    pub run_id: RunId,
    /// The step.
    pub step: TaskPath,
    /// The namespace of the notebook.
    pub namespace: String,
    /// The notebook: the same whenever this attempt is opened.
    pub notebook: String,
    /// Where it is served, below the workbench's address.
    pub path: String,
}

/// `POST /runs/{run}:clone`: a new run of the same definition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CloneRun {
    /// Parameters that are to have other values than in the old run.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The name people see; `Clone of ...` when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// What was made by [`CreateRun`], [`CloneRun`] or [`Rerun`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreatedRun {
    /// The new run.
    pub run_id: RunId,
    /// The name people see.
    pub display_name: String,
    /// The old run and the step, when this is a rerun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<(RunId, TaskPath)>,
    /// Warnings about the definition; errors would have refused it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

fn yes() -> bool {
    true
}
