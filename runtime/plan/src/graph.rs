//! The edges between the tasks of one DAG.

use std::collections::BTreeSet;

use coracle_model::TaskName;
use coracle_spec::pipeline::{ArtifactParameter, ParameterSource, Task};

/// The tasks of the same DAG that must have ended before this one can begin: those it names, and those whose
/// outputs or outcome it reads.
pub fn upstream(task: &Task) -> BTreeSet<&TaskName> {
    let parameters = task
        .parameters
        .values()
        .filter_map(|input| match &input.source {
            ParameterSource::TaskOutput { producer, .. }
            | ParameterSource::FinalStatus { producer } => Some(producer),
            ParameterSource::ComponentInput(_) | ParameterSource::Constant(_) => None,
        });
    let artifacts = task.artifacts.values().filter_map(|input| match input {
        ArtifactParameter::TaskOutput { producer, .. } => Some(producer),
        ArtifactParameter::ComponentInput(_) => None,
    });
    task.after
        .iter()
        .chain(parameters)
        .chain(artifacts)
        .collect()
}
