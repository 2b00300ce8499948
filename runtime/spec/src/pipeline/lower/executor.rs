//! Executors: containers and importers. The other kinds are KFP's in name only and are kept as refused.

use coracle_model::Span;

use super::component::artifact_type;
use super::input;
use crate::pipeline::ir::{
    ContainerSpec, EnvironmentVariable, Executor, ImporterSpec, ParameterSource, ResourceRequest,
};
use crate::pipeline::message::{Field, Message, Shape};

const EXECUTOR: Shape = Shape {
    name: "ExecutorSpec",
    fields: &["container", "importer", "resolver", "customJob"],
    oneofs: &[&["container", "importer", "resolver", "customJob"]],
};

const CONTAINER: Shape = Shape {
    name: "PipelineContainerSpec",
    fields: &["image", "command", "args", "lifecycle", "resources", "env"],
    oneofs: &[],
};

const RESOURCES: Shape = Shape {
    name: "ResourceSpec",
    fields: &[
        "cpuLimit",
        "memoryLimit",
        "cpuRequest",
        "memoryRequest",
        "resourceCpuLimit",
        "resourceMemoryLimit",
        "resourceCpuRequest",
        "resourceMemoryRequest",
        "accelerator",
    ],
    oneofs: &[],
};

const ACCELERATOR: Shape = Shape {
    name: "AcceleratorConfig",
    fields: &["type", "count", "resourceType", "resourceCount"],
    oneofs: &[],
};

const VARIABLE: Shape = Shape {
    name: "EnvVar",
    fields: &["name", "value"],
    oneofs: &[],
};

const IMPORTER: Shape = Shape {
    name: "ImporterSpec",
    fields: &[
        "artifactUri",
        "typeSchema",
        "properties",
        "customProperties",
        "reimport",
        "metadata",
        "downloadToWorkspace",
    ],
    oneofs: &[],
};

/// An executor as the file has it.
pub(in crate::pipeline) enum LoweredExecutor {
    /// One that can run.
    Runs(Executor),
    /// One of a kind that cannot; an error only when a component uses it.
    Refused {
        /// The field that would say what it is.
        kind: String,
        /// Where it stands.
        place: Span,
    },
}

/// Reads an executor.
pub(super) fn lower(field: Field<'_>) -> LoweredExecutor {
    let message = field.message(&EXECUTOR);
    if let Some(container) = message.get("container") {
        return LoweredExecutor::Runs(Executor::Container(lower_container(container)));
    }
    if let Some(importer) = message.get("importer") {
        return LoweredExecutor::Runs(Executor::Importer(lower_importer(importer)));
    }
    let kind = field.entries().find(|field| !field.name.starts_with('@'));
    LoweredExecutor::Refused {
        kind: kind.map_or("nothing", |field| field.name).to_owned(),
        place: field.key_place,
    }
}

/// Reads environment variables; also those of init containers.
pub(super) fn environment(message: &Message<'_>) -> Vec<EnvironmentVariable> {
    message
        .items("env")
        .map(|field| {
            let variable = field.message(&VARIABLE);
            EnvironmentVariable {
                name: variable.text("name"),
                value: variable.text("value"),
            }
        })
        .collect()
}

fn lower_container(field: Field<'_>) -> ContainerSpec {
    let message = field.message(&CONTAINER);
    if message.lacks("image") {
        field.error(
            "missing-image",
            "the container has no `image`",
            "name one, such as `python:3.11`",
        );
    }
    if let Some(lifecycle) = message.get("lifecycle") {
        field.problems().warning(
            lifecycle.key_place,
            "ignored-field",
            "`lifecycle` is read by no KFP backend",
            "remove it, or do the check in the command itself",
        );
    }
    ContainerSpec {
        image: message.text("image"),
        command: message.texts("command"),
        args: message.texts("args"),
        env: environment(&message),
        resources: message.get("resources").map(resources).unwrap_or_default(),
    }
}

fn resources(field: Field<'_>) -> ResourceRequest {
    let message = field.message(&RESOURCES);
    let accelerator = message
        .get("accelerator")
        .map(|field| field.message(&ACCELERATOR));
    let accelerator = accelerator.as_ref();
    // Old compilers wrote the one, today's write both, and both must be sound.
    let old_count = accelerator
        .and_then(|found| found.get("count"))
        .map(Field::whole)
        .filter(|count| *count > 0);
    let old_type = accelerator.and_then(|found| found.filled("type"));
    ResourceRequest {
        cpu_request: quantity(&message, "resourceCpuRequest", "cpuRequest", ""),
        cpu_limit: quantity(&message, "resourceCpuLimit", "cpuLimit", ""),
        memory_request: quantity(&message, "resourceMemoryRequest", "memoryRequest", "G"),
        memory_limit: quantity(&message, "resourceMemoryLimit", "memoryLimit", "G"),
        accelerator_type: accelerator
            .and_then(|found| found.filled("resourceType"))
            .or(old_type),
        accelerator_count: accelerator
            .and_then(|found| found.filled("resourceCount"))
            .or_else(|| old_count.map(|count| count.to_string())),
    }
}

/// The text of today, or the number of old with the unit it was in. Zero stands for nothing.
fn quantity(message: &Message<'_>, current: &str, old: &str, unit: &str) -> Option<String> {
    let old = message
        .get(old)
        .map(Field::number)
        .filter(|number| *number != 0.0);
    message
        .filled(current)
        .or_else(|| old.map(|number| format!("{number}{unit}")))
}

fn lower_importer(field: Field<'_>) -> ImporterSpec {
    let message = field.message(&IMPORTER);
    for name in ["properties", "customProperties"] {
        if let Some(ignored) = message.get(name) {
            field.problems().warning(
                ignored.key_place,
                "ignored-field",
                format!("`{name}` of an importer is deprecated and has no effect"),
                "use `metadata`",
            );
        }
    }
    let uri = message.get("artifactUri").map(input::runtime_value);
    ImporterSpec {
        uri: uri.unwrap_or_else(|| {
            field.error(
                "missing-field",
                "the importer has no `artifactUri`",
                "say what it imports",
            );
            ParameterSource::Constant(coracle_model::Value::Null)
        }),
        artifact_type: artifact_type(message.get("typeSchema")),
        metadata: message
            .get("metadata")
            .map(Field::structure)
            .unwrap_or_default(),
        reimport: message.flag("reimport"),
        download_to_workspace: message.flag("downloadToWorkspace"),
    }
}
