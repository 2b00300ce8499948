//! Components: their interface, and whether they are a DAG or an executor.

use std::collections::BTreeMap;

use coracle_model::{ArtifactType, ExecutorLabel, Value, ValueKind};

use super::dag;
use super::mention::Places;
use crate::pipeline::ir::{
    ArtifactSpec, Component, Dag, OutputArtifactSpec, ParameterSpec, ParameterType,
    TaskConfigPassthrough, Work,
};
use crate::pipeline::message::{Field, Message, Shape};

const COMPONENT: Shape = Shape {
    name: "ComponentSpec",
    fields: &[
        "inputDefinitions",
        "outputDefinitions",
        "dag",
        "executorLabel",
        "singlePlatformSpecs",
        "taskConfigPassthroughs",
    ],
    oneofs: &[&["dag", "executorLabel"]],
};

const INPUTS: Shape = Shape {
    name: "ComponentInputsSpec",
    fields: &["artifacts", "parameters"],
    oneofs: &[],
};
const OUTPUTS: Shape = Shape {
    name: "ComponentOutputsSpec",
    fields: &["artifacts", "parameters"],
    oneofs: &[],
};

const INPUT_PARAMETER: Shape = Shape {
    name: "ComponentInputsSpec.ParameterSpec",
    fields: &[
        "type",
        "parameterType",
        "defaultValue",
        "isOptional",
        "description",
        "literals",
    ],
    oneofs: &[],
};

const OUTPUT_PARAMETER: Shape = Shape {
    name: "ComponentOutputsSpec.ParameterSpec",
    fields: &["type", "parameterType", "description"],
    oneofs: &[],
};

const INPUT_ARTIFACT: Shape = Shape {
    name: "ComponentInputsSpec.ArtifactSpec",
    fields: &[
        "artifactType",
        "isArtifactList",
        "isOptional",
        "description",
    ],
    oneofs: &[],
};

const OUTPUT_ARTIFACT: Shape = Shape {
    name: "ComponentOutputsSpec.ArtifactSpec",
    fields: &[
        "artifactType",
        "properties",
        "customProperties",
        "metadata",
        "isArtifactList",
        "description",
    ],
    oneofs: &[],
};

const ARTIFACT_TYPE: Shape = Shape {
    name: "ArtifactTypeSchema",
    fields: &[
        "schemaTitle",
        "schemaUri",
        "instanceSchema",
        "schemaVersion",
    ],
    oneofs: &[&["schemaTitle", "schemaUri", "instanceSchema"]],
};

const PASSTHROUGH: Shape = Shape {
    name: "TaskConfigPassthrough",
    fields: &["field", "applyToTask"],
    oneofs: &[],
};

const PASSTHROUGH_FIELDS: [&str; 7] = [
    "NONE",
    "RESOURCES",
    "ENV",
    "KUBERNETES_AFFINITY",
    "KUBERNETES_TOLERATIONS",
    "KUBERNETES_NODE_SELECTOR",
    "KUBERNETES_VOLUMES",
];

/// The parameter types in the order of their numbers.
const PARAMETER_TYPES: [&str; 9] = [
    "PARAMETER_TYPE_ENUM_UNSPECIFIED",
    "NUMBER_DOUBLE",
    "NUMBER_INTEGER",
    "STRING",
    "BOOLEAN",
    "LIST",
    "STRUCT",
    "TASK_FINAL_STATUS",
    "TASK_CONFIG",
];

/// The types of the deprecated field `type`.
const PRIMITIVE_TYPES: [&str; 4] = ["PRIMITIVE_TYPE_UNSPECIFIED", "INT", "DOUBLE", "STRING"];

/// What stands where the file gives no type that is known; such a file is refused.
const UNKNOWN_TYPE: ParameterType = ParameterType::String;

/// A component with the names it uses.
pub(in crate::pipeline) struct LoweredComponent {
    pub(in crate::pipeline) component: Component,
    pub(in crate::pipeline) places: Places,
}

/// Reads a component.
pub(super) fn lower(field: Field<'_>) -> LoweredComponent {
    let message = field.message(&COMPONENT);
    let inputs = message
        .get("inputDefinitions")
        .map(|inputs| inputs.message(&INPUTS));
    let outputs = message
        .get("outputDefinitions")
        .map(|outputs| outputs.message(&OUTPUTS));
    if let Some(ignored) = message.get("singlePlatformSpecs") {
        ignored.problems().warning(
            ignored.key_place,
            "ignored-field",
            "`singlePlatformSpecs` of a component is read by no KFP backend",
            "set platform features on tasks, with `kfp.kubernetes`",
        );
    }
    let mut places = Places {
        component: field.key_place,
        work: None,
        tasks: BTreeMap::new(),
        mentions: Vec::new(),
    };
    let work = work(&message, &mut places);
    let component = Component {
        input_parameters: definitions(inputs.as_ref(), "parameters", input_parameter),
        input_artifacts: definitions(inputs.as_ref(), "artifacts", input_artifact),
        output_parameters: definitions(outputs.as_ref(), "parameters", output_parameter),
        output_artifacts: definitions(outputs.as_ref(), "artifacts", output_artifact),
        work,
        task_config_passthroughs: message
            .items("taskConfigPassthroughs")
            .filter_map(passthrough)
            .collect(),
    };
    LoweredComponent { component, places }
}

/// An artifact type; also that of an importer.
pub(super) fn artifact_type(field: Option<Field<'_>>) -> ArtifactType {
    let Some(field) = field else {
        return ArtifactType::default();
    };
    let message = field.message(&ARTIFACT_TYPE);
    if let Some(uri) = message.get("schemaUri") {
        uri.problems().warning(
            uri.key_place,
            "ignored-field",
            "`schemaUri` is deprecated and has no effect",
            "name a known type with `schemaTitle`, such as `system.Dataset`",
        );
    }
    ArtifactType {
        schema_title: message.text("schemaTitle"),
        schema_version: message.text("schemaVersion"),
        instance_schema: message.text("instanceSchema"),
    }
}

fn work(message: &Message<'_>, places: &mut Places) -> Work {
    if let Some(label) = message
        .get("executorLabel")
        .filter(|label| !label.text().is_empty())
    {
        places.work = Some(label.place());
        return Work::Executor(ExecutorLabel::from(label.text()));
    }
    let Some(field) = message.get("dag") else {
        return Work::Dag(Dag::default());
    };
    places.work = Some(field.key_place);
    Work::Dag(dag::lower(field, places))
}

fn definitions<T>(
    message: Option<&Message<'_>>,
    name: &str,
    read: impl Fn(Field<'_>) -> T,
) -> BTreeMap<String, T> {
    let Some(message) = message else {
        return BTreeMap::new();
    };
    message
        .entries(name)
        .map(|field| (field.name.to_owned(), read(field)))
        .collect()
}

fn input_parameter(field: Field<'_>) -> ParameterSpec {
    let message = field.message(&INPUT_PARAMETER);
    let parameter_type = parameter_type(field, &message);
    if let (Some(known), Some(default)) = (parameter_type, message.get("defaultValue")) {
        check_default(field.name, known, default);
    }
    ParameterSpec {
        parameter_type: parameter_type.unwrap_or(UNKNOWN_TYPE),
        default: message.get_or_null("defaultValue").map(Field::value),
        optional: message.flag("isOptional"),
        description: message.text("description"),
        literals: message.items("literals").map(Field::value).collect(),
    }
}

fn output_parameter(field: Field<'_>) -> ParameterType {
    let message = field.message(&OUTPUT_PARAMETER);
    message.check_texts(&["description"]);
    parameter_type(field, &message).unwrap_or(UNKNOWN_TYPE)
}

fn input_artifact(field: Field<'_>) -> ArtifactSpec {
    let message = field.message(&INPUT_ARTIFACT);
    message.check_texts(&["description"]);
    ArtifactSpec {
        artifact_type: artifact_type(message.get("artifactType")),
        is_list: message.flag("isArtifactList"),
        optional: message.flag("isOptional"),
    }
}

fn output_artifact(field: Field<'_>) -> OutputArtifactSpec {
    let message = field.message(&OUTPUT_ARTIFACT);
    message.check_texts(&["description"]);
    OutputArtifactSpec {
        artifact_type: artifact_type(message.get("artifactType")),
        is_list: message.flag("isArtifactList"),
        metadata: message
            .get("metadata")
            .map(Field::structure)
            .unwrap_or_default(),
    }
}

fn passthrough(field: Field<'_>) -> Option<TaskConfigPassthrough> {
    let message = field.message(&PASSTHROUGH);
    let name = message.get("field")?.choice(&PASSTHROUGH_FIELDS)?;
    Some(TaskConfigPassthrough {
        field: name.to_owned(),
        apply_to_task: message.flag("applyToTask"),
    })
}

/// The type, or none with a problem reported.
fn parameter_type(field: Field<'_>, message: &Message<'_>) -> Option<ParameterType> {
    let (word, known) = match (message.get("parameterType"), message.get("type")) {
        (Some(current), _) => (current.choice(&PARAMETER_TYPES), true),
        (None, Some(deprecated)) => (deprecated.choice(&PRIMITIVE_TYPES), true),
        (None, None) => (None, false),
    };
    let found = word.and_then(|word| match word {
        "STRING" => Some(ParameterType::String),
        "NUMBER_INTEGER" | "INT" => Some(ParameterType::Integer),
        "NUMBER_DOUBLE" | "DOUBLE" => Some(ParameterType::Double),
        "BOOLEAN" => Some(ParameterType::Boolean),
        "LIST" => Some(ParameterType::List),
        "STRUCT" => Some(ParameterType::Struct),
        "TASK_FINAL_STATUS" => Some(ParameterType::TaskFinalStatus),
        "TASK_CONFIG" => Some(ParameterType::TaskConfig),
        _ => None,
    });
    let unspecified = !known || (word.is_some() && found.is_none());
    if unspecified {
        field.problems().error(
            field.key_place,
            "unspecified-type",
            format!("parameter {} has unspecified type", field.name),
            "set `parameterType`, for example to `STRING`",
        );
    }
    found
}

/// A default that is not of the declared type makes every task fail that uses it; text is made of anything.
fn check_default(name: &str, parameter_type: ParameterType, default: Field<'_>) {
    let kind = default.value().kind();
    let fits = match parameter_type {
        ParameterType::String => kind == ValueKind::String,
        ParameterType::Integer | ParameterType::Double => kind == ValueKind::Number,
        ParameterType::Boolean => kind == ValueKind::Bool,
        ParameterType::List => kind == ValueKind::List,
        ParameterType::Struct | ParameterType::TaskFinalStatus | ParameterType::TaskConfig => {
            kind == ValueKind::Struct
        }
    };
    if fits {
        return;
    }
    let message =
        format!("input parameter \"{name}\" type mismatch: expect {parameter_type}, got {kind}");
    if parameter_type == ParameterType::String {
        let text = Value::to_text(&default.value());
        let help = format!("tasks get the text `{text}`; put the default in quotes to say so");
        default
            .problems()
            .warning(default.place(), "default-type", message, help);
    } else {
        default.error(
            "default-type",
            message,
            "give a default of the declared type, or change the type",
        );
    }
}
