//! A run on a cluster with all that is told of it, so that it can be gone on with elsewhere.

use std::collections::BTreeMap;

use coracle_model::{
    ArtifactType, Failure, FailureCode, RemoteState, RunId, TaskPath, Timestamp, Value,
};

/// A run with all that is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunThere {
    /// Its id.
    pub id: RunId,
    /// What it is asked for by: its id, or the name of its workflow.
    pub name: String,
    /// The name people see.
    pub display_name: String,
    /// What it is a run of.
    pub definition: DefinitionThere,
    /// The values that it was given.
    pub parameters: BTreeMap<String, Value>,
    /// Where its artifacts go instead of the default root.
    pub pipeline_root: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it is.
    pub state: RemoteState,
    /// What is said of why it failed.
    pub error: Option<String>,
    /// Its steps, as far as they are told.
    pub steps: Vec<StepThere>,
}

/// A definition in the form in which it is told.
#[derive(Debug, Clone, PartialEq)]
pub enum DefinitionThere {
    /// The text, compressed, as it travels in a workflow.
    Packed(String),
    /// As JSON of Kubeflow Pipelines' API.
    Json(Value),
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct StepThere {
    /// Which one.
    pub place: StepPlace,
    /// How it is.
    pub state: RemoteState,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What it made; none where that is not told.
    pub outputs: Option<OutputsThere>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// Which step of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepPlace {
    /// By its path, with an id by which the server knows it.
    Path(TaskPath, Option<String>),
    /// By a name, which several may bear.
    Name(String),
}

/// What a step made, by the names of its outputs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OutputsThere {
    /// Parameters.
    pub parameters: BTreeMap<String, ParameterThere>,
    /// Artifacts; more than one where the output is a list.
    pub artifacts: BTreeMap<String, Vec<ArtifactThere>>,
}

/// The value of an output parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterThere {
    /// As a text, whose type the definition says.
    Text(String),
    /// As what it is.
    Value(Value),
}

/// An artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactThere {
    /// The id by which the server knows it.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type, where it is told in full.
    pub artifact_type: Option<ArtifactType>,
    /// Where its bytes are.
    pub uri: String,
    /// What its maker said of it.
    pub metadata: BTreeMap<String, Value>,
}

/// Why a step failed, from a text that may begin with a code.
pub(crate) fn failure_of(text: &str) -> Failure {
    let code = text.split_once(": ").and_then(|(code, message)| {
        let code = serde_json::from_value::<FailureCode>(code.into()).ok()?;
        Some((code, message))
    });
    match code {
        Some((code, message)) => Failure::new(code, message),
        None => Failure::new(FailureCode::TaskFailed, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_again_and_other_words_stay_whole() {
        let known = failure_of("exit_code: the step ended with 3: no room");
        assert_eq!(
            known,
            Failure::new(FailureCode::ExitCode, "the step ended with 3: no room")
        );
        for text in ["main: Error (exit code 3)", "", "no room"] {
            assert_eq!(
                failure_of(text),
                Failure::new(FailureCode::TaskFailed, text)
            );
        }
    }
}
