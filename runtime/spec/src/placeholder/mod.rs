//! Placeholders: what `{{$.inputs.parameters['x']}}` and its kin stand for, and the structured arguments
//! `{"Concat": …}` and `{"IfPresent": …}`.
//!
//! Every text is gone through once. What a placeholder stands for is never searched for placeholders
//! again, so a value that happens to hold `{{$}}` arrives as it is. A placeholder that KFP does not know
//! stays as it is written.

mod arguments;
mod reference;
mod text;

use std::collections::BTreeMap;

use coracle_model::{RunId, TaskName, Timestamp, Value};

pub use arguments::resolve_arguments;
pub use text::{resolve_constant, resolve_metadata, resolve_text};

/// What placeholders may ask of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// The run's id.
    pub run_id: RunId,
    /// The name people see.
    pub job_name: String,
    /// The name KFP gives the workflow; it holds the pipeline's name.
    pub job_resource_name: String,
    /// When the run was asked for.
    pub created_at: Timestamp,
    /// When the run was due; the same unless a schedule started it.
    pub scheduled_at: Timestamp,
    /// The URI below which artifacts go.
    pub pipeline_root: String,
}

/// What placeholders may ask of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFacts {
    /// The key of the task in its DAG.
    pub task_name: TaskName,
    /// The id that `{{$.pipeline_task_uuid}}` stands for.
    pub task_id: String,
}

/// Why a text with placeholders cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// It uses an input parameter that has no value.
    #[error(
        "`{placeholder}` uses the input `{name}`, which has no value here; \
         give it one, give it a default, or wrap the argument in `dsl.IfPresentPlaceholder`"
    )]
    MissingParameter {
        /// The placeholder.
        placeholder: String,
        /// The input.
        name: String,
    },
    /// It uses an artifact that is not there.
    #[error(
        "`{placeholder}` uses the artifact `{name}`, which is not there; \
         connect it, or wrap the argument in `dsl.IfPresentPlaceholder`"
    )]
    MissingArtifact {
        /// The placeholder.
        placeholder: String,
        /// The input or output.
        name: String,
    },
    /// It uses an output parameter that the component does not declare.
    #[error(
        "`{placeholder}` uses the output parameter `{name}`, which the component does not declare"
    )]
    MissingOutput {
        /// The placeholder.
        placeholder: String,
        /// The output.
        name: String,
    },
    /// It uses metadata that the artifact does not have.
    #[error(
        "`{placeholder}` uses `{key}` of the metadata of the artifact `{name}`, which has no such entry"
    )]
    MissingMetadata {
        /// The placeholder.
        placeholder: String,
        /// The input or output.
        name: String,
        /// The key.
        key: String,
    },
    /// A structured argument is not of KFP's form.
    #[error("the argument `{argument:.120}` is no `Concat` or `IfPresent` of KFP's form: {reason}")]
    Malformed {
        /// The argument, of which the message repeats the beginning.
        argument: String,
        /// What is wrong.
        reason: String,
    },
}

type Parameters = BTreeMap<String, Value>;
