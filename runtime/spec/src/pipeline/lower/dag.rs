//! DAGs: tasks, and where the outputs come from.

use coracle_model::TaskName;

use super::mention::{Kind, Places, Scribe};
use super::task;
use crate::pipeline::ir::{ArtifactOutputSource, Dag, DagOutputs, ParameterOutputSource};
use crate::pipeline::message::{Field, Shape};

const DAG: Shape = Shape {
    name: "DagSpec",
    fields: &["tasks", "outputs"],
    oneofs: &[],
};

const OUTPUTS: Shape = Shape {
    name: "DagOutputsSpec",
    fields: &["artifacts", "parameters"],
    oneofs: &[],
};

const OUTPUT_PARAMETER: Shape = Shape {
    name: "DagOutputParameterSpec",
    fields: &["valueFromParameter", "valueFromOneof"],
    oneofs: &[&["valueFromParameter", "valueFromOneof"]],
};

const OUTPUT_ARTIFACT: Shape = Shape {
    name: "DagOutputArtifactSpec",
    fields: &["artifactSelectors"],
    oneofs: &[],
};

const PARAMETER_SELECTORS: Shape = Shape {
    name: "ParameterSelectorsSpec",
    fields: &["parameterSelectors"],
    oneofs: &[],
};

const PARAMETER_SELECTOR: Shape = Shape {
    name: "ParameterSelectorSpec",
    fields: &["producerSubtask", "outputParameterKey"],
    oneofs: &[],
};

const ARTIFACT_SELECTOR: Shape = Shape {
    name: "ArtifactSelectorSpec",
    fields: &["producerSubtask", "outputArtifactKey"],
    oneofs: &[],
};

/// Reads a DAG and notes the names it uses.
pub(super) fn lower(field: Field<'_>, places: &mut Places) -> Dag {
    let message = field.message(&DAG);
    let mut scribe = Scribe::default();
    let mut dag = Dag::default();
    for task in message.entries("tasks") {
        let name = TaskName::from(task.name);
        places.tasks.insert(name.clone(), task.key_place);
        dag.tasks.insert(name, task::lower(task, &mut scribe));
    }
    dag.outputs = message
        .get("outputs")
        .map(|outputs| dag_outputs(outputs, &mut scribe))
        .unwrap_or_default();
    places.mentions = scribe.mentions;
    dag
}

fn dag_outputs(field: Field<'_>, scribe: &mut Scribe) -> DagOutputs {
    let message = field.message(&OUTPUTS);
    DagOutputs {
        parameters: message
            .entries("parameters")
            .map(|output| (output.name.to_owned(), output_parameter(output, scribe)))
            .collect(),
        artifacts: message
            .entries("artifacts")
            .map(|output| (output.name.to_owned(), output_artifact(output, scribe)))
            .collect(),
    }
}

fn output_parameter(field: Field<'_>, scribe: &mut Scribe) -> ParameterOutputSource {
    let message = field.message(&OUTPUT_PARAMETER);
    let one = message.get("valueFromParameter").into_iter();
    let several = message
        .get("valueFromOneof")
        .map(|oneof| oneof.message(&PARAMETER_SELECTORS));
    let several = several
        .iter()
        .flat_map(|message| message.items("parameterSelectors"));
    let selectors: Vec<_> = one
        .chain(several)
        .map(|selector| {
            let message = selector.message(&PARAMETER_SELECTOR);
            let (producer, output) = (
                message.text("producerSubtask"),
                message.text("outputParameterKey"),
            );
            scribe.output(selector.place(), producer, Kind::Parameter, output)
        })
        .collect();
    refuse_no_source(field, selectors.is_empty());
    ParameterOutputSource { selectors }
}

fn output_artifact(field: Field<'_>, scribe: &mut Scribe) -> Vec<ArtifactOutputSource> {
    let sources: Vec<_> = field
        .message(&OUTPUT_ARTIFACT)
        .items("artifactSelectors")
        .map(|selector| {
            let message = selector.message(&ARTIFACT_SELECTOR);
            let (producer, output) = (
                message.text("producerSubtask"),
                message.text("outputArtifactKey"),
            );
            let (producer, output) =
                scribe.output(selector.place(), producer, Kind::Artifact, output);
            ArtifactOutputSource { producer, output }
        })
        .collect();
    refuse_no_source(field, sources.is_empty());
    sources
}

fn refuse_no_source(field: Field<'_>, none: bool) {
    if none {
        field.problems().error(
            field.key_place,
            "missing-source",
            format!("the output `{}` of the DAG comes from no task", field.name),
            "name a `producerSubtask` and its output",
        );
    }
}
