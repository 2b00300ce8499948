//! Definitions: as they were written, what is wrong with one, and what a compiler makes of Python.

use coracle_model::Diagnostic;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Bytes;

/// What to ask of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct DefinitionQuery {
    /// How the answer looks.
    pub format: DefinitionFormat,
}

/// How a definition is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DefinitionFormat {
    /// The text as it was written, with its comments.
    #[default]
    Text,
    /// One JSON value, as in KFP's API: the pipeline, or an object of `pipeline_spec` and `platform_spec`.
    Json,
}

/// `POST /definitions:check`: a text that may not be a pipeline yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckDefinition {
    /// The text.
    pub text: String,
}

/// What is to be said of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DefinitionReport {
    /// Whether it can be run.
    pub runnable: bool,
    /// Everything that is wrong with it, and what is only suspicious, each with its place where it has one.
    pub diagnostics: Vec<Diagnostic>,
}

/// `POST /definitions:compile`: a Python file with a `@dsl.pipeline`, or a notebook with tagged cells. Its code is run by
/// the user's own Python, beside nothing but itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompileDefinition {
    /// The file's bytes, as base64.
    pub source: Bytes,
    /// The file's name, which ends in `.py` or `.ipynb`.
    pub file_name: String,
    /// Which of its pipelines, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
}

/// What came of compiling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompiledDefinition {
    /// The definition; none where one has to say first which pipeline is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// The pipelines of the file to choose from, where it has several and none was named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipelines: Vec<String>,
}
