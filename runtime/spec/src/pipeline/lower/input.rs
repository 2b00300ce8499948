//! What a task or a platform feature is given: constants, inputs of the DAG around it, outputs of other tasks.

use coracle_model::{TaskName, Value};

use super::mention::{Kind, Mentioned, Scribe};
use crate::pipeline::ir::{ArtifactParameter, ParameterInput, ParameterSource};
use crate::pipeline::message::{Field, Message, Shape};

const PARAMETER: Shape = Shape {
    name: "InputParameterSpec",
    fields: &[
        "taskOutputParameter",
        "runtimeValue",
        "componentInputParameter",
        "taskFinalStatus",
        "parameterExpressionSelector",
    ],
    oneofs: &[&[
        "taskOutputParameter",
        "runtimeValue",
        "componentInputParameter",
        "taskFinalStatus",
    ]],
};

const ARTIFACT: Shape = Shape {
    name: "InputArtifactSpec",
    fields: &["taskOutputArtifact", "componentInputArtifact"],
    oneofs: &[&["taskOutputArtifact", "componentInputArtifact"]],
};

const PARAMETER_OUTPUT: Shape = Shape {
    name: "TaskOutputParameterSpec",
    fields: &["producerTask", "outputParameterKey"],
    oneofs: &[],
};

const ARTIFACT_OUTPUT: Shape = Shape {
    name: "TaskOutputArtifactSpec",
    fields: &["producerTask", "outputArtifactKey"],
    oneofs: &[],
};

const FINAL_STATUS: Shape = Shape {
    name: "TaskFinalStatus",
    fields: &["producerTask"],
    oneofs: &[],
};

const RUNTIME_VALUE: Shape = Shape {
    name: "ValueOrRuntimeParameter",
    fields: &["constantValue", "runtimeParameter", "constant"],
    oneofs: &[&["constantValue", "runtimeParameter", "constant"]],
};

const OLD_VALUE: Shape = Shape {
    name: "Value",
    fields: &["intValue", "doubleValue", "stringValue"],
    oneofs: &[&["intValue", "doubleValue", "stringValue"]],
};

/// Reads a parameter that a task is given.
pub(super) fn parameter(field: Field<'_>, scribe: &mut Scribe) -> ParameterInput {
    let message = field.message(&PARAMETER);
    let source = parameter_source(field, &message, scribe);
    ParameterInput {
        source,
        selector: message.filled("parameterExpressionSelector"),
    }
}

/// Reads a value of the platform document, which takes no selector.
pub(super) fn platform_value(field: Field<'_>, scribe: &mut Scribe) -> ParameterSource {
    parameter(field, scribe).source
}

/// Reads a reference to an output parameter of a task.
pub(super) fn output_parameter(field: Field<'_>, scribe: &mut Scribe) -> ParameterSource {
    let message = field.message(&PARAMETER_OUTPUT);
    let (producer, output) = (
        message.text("producerTask"),
        message.text("outputParameterKey"),
    );
    let (producer, output) = scribe.output(field.place(), producer, Kind::Parameter, output);
    ParameterSource::TaskOutput { producer, output }
}

/// Reads the name of an input parameter of the DAG around.
pub(super) fn component_input(field: Field<'_>, scribe: &mut Scribe) -> ParameterSource {
    scribe.input(field.place(), Kind::Parameter, field.text());
    ParameterSource::ComponentInput(field.text().to_owned())
}

/// Reads a value of the file or the name of an input, `ValueOrRuntimeParameter`.
pub(super) fn runtime_value(field: Field<'_>) -> ParameterSource {
    let message = field.message(&RUNTIME_VALUE);
    if let Some(constant) = message.get_or_null("constant") {
        return ParameterSource::Constant(constant.value());
    }
    if let Some(name) = message.get("runtimeParameter") {
        return ParameterSource::ComponentInput(name.text().to_owned());
    }
    if let Some(old) = message.get("constantValue") {
        return ParameterSource::Constant(old_value(old));
    }
    no_source(field, "write `constant: ...`")
}

/// Reads an artifact that a task is given.
pub(super) fn artifact(field: Field<'_>, scribe: &mut Scribe) -> ArtifactParameter {
    let message = field.message(&ARTIFACT);
    if let Some(output) = message.get("taskOutputArtifact") {
        let names = output.message(&ARTIFACT_OUTPUT);
        let (producer, key) = (names.text("producerTask"), names.text("outputArtifactKey"));
        let (producer, output) = scribe.output(output.place(), producer, Kind::Artifact, key);
        return ArtifactParameter::TaskOutput { producer, output };
    }
    let Some(name) = message.get("componentInputArtifact") else {
        no_source(
            field,
            "write `taskOutputArtifact` or `componentInputArtifact`",
        );
        return ArtifactParameter::ComponentInput(String::new());
    };
    scribe.input(name.place(), Kind::Artifact, name.text());
    ArtifactParameter::ComponentInput(name.text().to_owned())
}

fn parameter_source(
    field: Field<'_>,
    message: &Message<'_>,
    scribe: &mut Scribe,
) -> ParameterSource {
    if let Some(output) = message.get("taskOutputParameter") {
        return output_parameter(output, scribe);
    }
    if let Some(value) = message.get("runtimeValue") {
        let source = runtime_value(value);
        if let ParameterSource::ComponentInput(name) = &source {
            scribe.input(value.place(), Kind::Parameter, name);
        }
        return source;
    }
    if let Some(name) = message
        .get("componentInputParameter")
        .filter(|name| !name.text().is_empty())
    {
        return component_input(name, scribe);
    }
    if let Some(status) = message.get("taskFinalStatus") {
        let producer = TaskName::from(status.message(&FINAL_STATUS).text("producerTask"));
        scribe.note(status.place(), Mentioned::Task(producer.clone()));
        return ParameterSource::FinalStatus { producer };
    }
    no_source(
        field,
        "write `runtimeValue`, `componentInputParameter` or `taskOutputParameter`",
    )
}

fn old_value(field: Field<'_>) -> Value {
    let message = field.message(&OLD_VALUE);
    if let Some(text) = message.get("stringValue") {
        return Value::from(text.text());
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "the wire format has doubles only"
    )]
    let whole = message
        .get("intValue")
        .map(|number| Value::Number(number.whole() as f64));
    whole
        .or_else(|| {
            message
                .get("doubleValue")
                .map(|number| Value::Number(number.number()))
        })
        .unwrap_or_default()
}

fn no_source(field: Field<'_>, help: &str) -> ParameterSource {
    let message = format!(
        "the input `{}` has neither a value nor a source",
        field.name
    );
    field
        .problems()
        .error(field.key_place, "missing-source", message, help);
    ParameterSource::Constant(Value::Null)
}
