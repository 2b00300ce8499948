//! The first document: `PipelineSpec`.

use std::collections::BTreeMap;

use coracle_model::{ComponentName, Diagnostic, ExecutorLabel, PipelineName, Span};

use super::component::{self, LoweredComponent};
use super::executor::{self, LoweredExecutor};
use crate::pipeline::message::{Field, Message, Shape, Unknown};

const PIPELINE: Shape = Shape {
    name: "PipelineSpec",
    fields: &[
        "pipelineInfo",
        "deploymentSpec",
        "sdkVersion",
        "schemaVersion",
        "components",
        "root",
        "defaultPipelineRoot",
    ],
    oneofs: &[],
};

const PIPELINE_INFO: Shape = Shape {
    name: "PipelineInfo",
    fields: &["name", "displayName", "description"],
    oneofs: &[],
};

const DEPLOYMENT: Shape = Shape {
    name: "PipelineDeploymentConfig",
    fields: &["executors"],
    oneofs: &[],
};

/// The only version that KFP's backend reads.
const SCHEMA_VERSION: &str = "2.1.0";

/// The first document, with its names not looked up yet.
pub(in crate::pipeline) struct Lowered {
    pub(in crate::pipeline) name: PipelineName,
    pub(in crate::pipeline) display_name: Option<String>,
    pub(in crate::pipeline) description: String,
    pub(in crate::pipeline) sdk_version: String,
    pub(in crate::pipeline) default_pipeline_root: Option<String>,
    /// None when it is missing, which has been reported.
    pub(in crate::pipeline) root: Option<LoweredComponent>,
    pub(in crate::pipeline) components: BTreeMap<ComponentName, LoweredComponent>,
    pub(in crate::pipeline) executors: BTreeMap<ExecutorLabel, LoweredExecutor>,
}

/// Reads the first document.
pub(in crate::pipeline) fn lower(document: Field<'_>) -> Lowered {
    let message = document.message(&PIPELINE);
    check_schema_version(document, &message);
    let info = message
        .get("pipelineInfo")
        .map(|field| field.message(&PIPELINE_INFO));
    let name = info
        .as_ref()
        .map(|info| info.text("name"))
        .unwrap_or_default();
    let name_place = info.as_ref().map_or(document.place(), |info| {
        info.get("name").map_or(info.place, |f| f.place())
    });
    check_name(document, &name, name_place);
    let root = message.get("root").map(component::lower);
    if root.is_none() {
        document.error(
            "missing-root",
            "invalid v2 pipeline spec: root component is empty",
            "compile the pipeline again; `root` is the pipeline itself",
        );
    }
    Lowered {
        name: PipelineName::from(name),
        display_name: info.as_ref().and_then(|info| info.filled("displayName")),
        description: info
            .as_ref()
            .map(|info| info.text("description"))
            .unwrap_or_default(),
        sdk_version: message.text("sdkVersion"),
        default_pipeline_root: message.filled("defaultPipelineRoot"),
        root,
        components: message
            .entries("components")
            .map(|field| (ComponentName::from(field.name), component::lower(field)))
            .collect(),
        executors: executors(&message),
    }
}

fn executors(message: &Message<'_>) -> BTreeMap<ExecutorLabel, LoweredExecutor> {
    let Some(deployment) = message.get("deploymentSpec") else {
        return BTreeMap::new();
    };
    deployment
        .with_unknown(Unknown::PassedOver)
        .message(&DEPLOYMENT)
        .entries("executors")
        .map(|field| (ExecutorLabel::from(field.name), executor::lower(field)))
        .collect()
}

fn check_schema_version(document: Field<'_>, message: &Message<'_>) {
    let field = message.get("schemaVersion");
    let version = field.map(Field::text).unwrap_or_default();
    if version != SCHEMA_VERSION {
        document.problems().error(
            field.map_or(document.place(), |field| field.place()),
            "schema-version",
            format!("KFP only supports schema version {SCHEMA_VERSION}, but the pipeline spec has version {version}"),
            "compile the pipeline again with kfp 2",
        );
    }
}

fn check_name(document: Field<'_>, name: &str, place: Span) {
    let rule = if name.is_empty() {
        "name is empty"
    } else if name.contains(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        // KFP's own check finds its pattern anywhere in the name, so one such character is all it asks for.
        return;
    } else {
        "name should consist of lower case alphanumeric characters, '-' or '.', and must start and end with an \
         alphanumeric character"
    };
    document.problems().report(
        Diagnostic::error("pipeline-name", format!("invalid v2 pipeline spec: {rule}"))
            .at(Some(place))
            .with_help("set `pipelineInfo.name`, in Python `@dsl.pipeline(name='my-pipeline')`"),
    );
}
