//! From the workbench's own words to the proposal's. Pure.

use std::collections::BTreeMap;

use coracle_app::view::{self, ArtifactDetail, ArtifactLink, LineageEdgeKind, Outputs, Task};
use coracle_model::{ArtifactId, RunId, TaskKind, TaskPath, TaskState, Timestamp, Value};

use super::link_id::link_id;
use super::wire::{
    Artifact, ArtifactTask, ChildTask, InputOutputs, IoArtifact, IoProducer, Parameter,
    PipelineTaskDetail, Status, TypeAttributes,
};
use crate::task_id::task_id;

/// `google.rpc.Code` of what was stopped.
const CANCELLED: i32 = 1;

/// `google.rpc.Code` of what failed for a reason that is told in words.
const UNKNOWN: i32 = 2;

pub(super) fn artifact(detail: &ArtifactDetail) -> Artifact {
    of_artifact(&detail.artifact, Some(detail.created_at))
}

pub(super) fn link(link: ArtifactLink) -> ArtifactTask {
    let edge = link.edge;
    let (task, key) = link
        .producer
        .map(|producer| (producer.task.name().to_string(), producer.key))
        .unwrap_or_default();
    ArtifactTask {
        id: link_id(&edge),
        artifact_id: edge.artifact_id.to_string(),
        run_id: edge.run_id.to_string(),
        task_id: task_id(edge.run_id, &edge.task),
        r#type: match edge.kind {
            LineageEdgeKind::Input => None,
            LineageEdgeKind::Output => Some("OUTPUT"),
        },
        producer_task_name: task,
        producer_key: key,
        artifact_key: edge.key,
    }
}

/// A task of a run, among all tasks of that run.
pub(super) fn task(run: RunId, task: &Task, all: &[Task]) -> PipelineTaskDetail {
    let children: Vec<&Task> = all
        .iter()
        .filter(|other| other.path.parent().as_ref() == Some(&task.path))
        .collect();
    let reason = task.reason.as_ref().map(ToString::to_string);
    let (error, told) = match task.state {
        TaskState::Failed => (reason.map(|it| (UNKNOWN, it)), None),
        TaskState::Canceled => (reason.map(|it| (CANCELLED, it)), None),
        TaskState::Pending | TaskState::Running | TaskState::Succeeded | TaskState::Skipped => {
            (None, reason)
        }
    };
    PipelineTaskDetail {
        name: name(&task.path),
        display_name: task.display_name.clone(),
        task_id: task_id(run, &task.path),
        run_id: run.to_string(),
        cache_fingerprint: task
            .fingerprint
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        create_time: task.started_at,
        start_time: task.started_at,
        end_time: task.finished_at,
        status: task.state.as_str(),
        status_metadata: told
            .map(|it| ("custom_message", Value::from(it)))
            .into_iter()
            .collect(),
        r#type: task_type(task),
        type_attributes: attributes(task, children.len()),
        error: error.map(|(code, message)| Status { code, message }),
        parent_task_id: task
            .path
            .parent()
            .map(|parent| task_id(run, &parent))
            .unwrap_or_default(),
        child_tasks: children
            .iter()
            .map(|child| ChildTask {
                task_id: task_id(run, &child.path),
                name: name(&child.path),
            })
            .collect(),
        inputs: values(&task.inputs, all),
        outputs: values(&task.outputs, all),
    }
}

fn of_artifact(artifact: &view::Artifact, created_at: Option<Timestamp>) -> Artifact {
    let kind = artifact_type(&artifact.schema_title);
    let uri = artifact.uri.to_string();
    Artifact {
        artifact_id: artifact.id.map(|id| id.to_string()).unwrap_or_default(),
        name: artifact.name.clone(),
        r#type: kind,
        uri: (!uri.is_empty()).then_some(uri),
        number_value: number(kind, &artifact.metadata),
        metadata: artifact.metadata.clone(),
        created_at,
    }
}

fn artifact_type(schema_title: &str) -> &'static str {
    match schema_title {
        "system.Model" => "Model",
        "system.Dataset" => "Dataset",
        "system.HTML" => "HTML",
        "system.Markdown" => "Markdown",
        "system.Metrics" => "Metric",
        "system.ClassificationMetrics" => "ClassificationMetric",
        "system.SlicedClassificationMetrics" => "SlicedClassificationMetric",
        _ => "Artifact",
    }
}

/// The number of metrics that have one number alone; those with more stand in the metadata.
fn number(kind: &str, metadata: &BTreeMap<String, Value>) -> Option<f64> {
    let mut values = metadata.values().filter_map(|value| match value {
        Value::Number(number) => Some(*number),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::List(_) | Value::Struct(_) => None,
    });
    let first = values.next().filter(|_| kind == "Metric")?;
    values.next().is_none().then_some(first)
}

fn name(path: &TaskPath) -> String {
    if path.is_root() {
        "root".to_owned()
    } else {
        path.name().to_string()
    }
}

/// Groups are told apart by the names that the `kfp` compiler gives them.
fn task_type(task: &Task) -> Option<&'static str> {
    match task.kind {
        TaskKind::Container
        | TaskKind::Importer
        | TaskKind::CreateVolume
        | TaskKind::DeleteVolume => Some("RUNTIME"),
        TaskKind::Loop => Some("LOOP"),
        TaskKind::Iteration => Some("LOOP_ITERATION"),
        TaskKind::Dag if task.path.is_root() => None,
        TaskKind::Dag => {
            let name = task.path.name();
            let named = |prefix: &str| name.as_str().starts_with(prefix);
            Some(if named("condition-branches-") {
                "CONDITION_BRANCH"
            } else if named("condition-") {
                "CONDITION"
            } else if named("exit-handler-") {
                "EXIT_HANDLER"
            } else {
                "DAG"
            })
        }
    }
}

fn attributes(task: &Task, children: usize) -> Option<TypeAttributes> {
    // A zero is left out as everywhere.
    let text = |number: usize| (number > 0).then(|| number.to_string());
    match task.kind {
        TaskKind::Iteration => {
            let path = task.path.as_str().trim_end_matches(']');
            let index = path.rsplit('[').next().and_then(|it| it.parse().ok());
            Some(TypeAttributes {
                iteration_index: index.and_then(text),
                iteration_count: None,
            })
        }
        TaskKind::Loop => Some(TypeAttributes {
            iteration_index: None,
            iteration_count: text(children),
        }),
        TaskKind::Dag
        | TaskKind::Container
        | TaskKind::Importer
        | TaskKind::CreateVolume
        | TaskKind::DeleteVolume => None,
    }
}

fn values(values: &Outputs, all: &[Task]) -> Option<InputOutputs> {
    let parameters = values.parameters.iter().map(|(name, value)| Parameter {
        name: name.clone(),
        value: value.to_text(),
    });
    let artifacts = values.artifacts.iter().flat_map(|(key, list)| {
        list.iter().map(move |artifact| IoArtifact {
            parameter_name: key.clone(),
            value: of_artifact(artifact, None),
            producer: artifact.id.and_then(|id| producer(id, all)),
        })
    });
    let values = InputOutputs {
        parameters: parameters.collect(),
        artifacts: artifacts.collect(),
    };
    (values != InputOutputs::default()).then_some(values)
}

/// The step of the run that made an artifact or took it from an earlier run; groups only hand it on.
fn producer(id: ArtifactId, all: &[Task]) -> Option<IoProducer> {
    let steps = all
        .iter()
        .filter(|task| matches!(task.kind, TaskKind::Container | TaskKind::Importer));
    steps
        .flat_map(|task| {
            task.outputs
                .artifacts
                .iter()
                .map(move |output| (task, output))
        })
        .find(|(_, (_, list))| list.iter().any(|artifact| artifact.id == Some(id)))
        .map(|(task, (key, _))| IoProducer {
            task_name: name(&task.path),
            key: key.clone(),
        })
}
