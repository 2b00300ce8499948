//! From what is stored to what is sent.

use std::collections::BTreeMap;

use coracle_model as model;
use coracle_model::{RunRecord, TaskKind, TaskRecord, Value};
use coracle_store::RunRow;

use crate::view;

pub(crate) fn artifact(artifact: &model::Artifact) -> view::Artifact {
    view::Artifact {
        id: artifact.id,
        name: artifact.name.clone(),
        schema_title: artifact.artifact_type.schema_title.clone(),
        uri: artifact.uri.clone(),
        metadata: artifact.metadata.clone(),
    }
}

pub(super) fn outputs(outputs: &model::Outputs) -> view::Outputs {
    let artifacts = outputs.artifacts.iter();
    view::Outputs {
        parameters: outputs.parameters.clone(),
        artifacts: artifacts
            .map(|(key, list)| (key.clone(), list.iter().map(artifact).collect()))
            .collect(),
    }
}

/// Parameters' values and artifacts' URIs in one map.
pub(super) fn plain_outputs(outputs: &model::Outputs) -> BTreeMap<String, Value> {
    let uri = |artifact: &model::Artifact| Value::from(artifact.uri.as_str());
    let uris = |list: &Vec<model::Artifact>| match list.as_slice() {
        [one] => uri(one),
        several => several.iter().map(uri).collect(),
    };
    let artifacts = outputs
        .artifacts
        .iter()
        .map(|(key, list)| (key.clone(), uris(list)));
    artifacts.chain(outputs.parameters.clone()).collect()
}

pub(super) fn summary(row: RunRow) -> view::RunSummary {
    let run = row.summary;
    view::RunSummary {
        run_id: run.id,
        pipeline: run.pipeline,
        display_name: run.display_name,
        state: run.state,
        engine: run.engine,
        failure: run.failure,
        created_at: run.created_at,
        finished_at: run.finished_at,
        archived: row.storage == model::StorageState::Archived,
        experiment: row.experiment.map(|(id, name)| owner(&id, name)),
        recurring: row.recurring.map(|(id, name)| owner(&id, name)),
        values: row.values.map(|values| view::RunValues {
            parameters: values.parameters,
            metrics: values.metrics,
            steps: values.steps,
            steps_over: values.steps_over,
        }),
    }
}

fn owner(id: &impl ToString, name: Option<String>) -> view::RunOwner {
    view::RunOwner {
        id: id.to_string(),
        name,
    }
}

/// A run whose own DAG is `root`, once it has begun.
pub(super) fn run(record: RunRecord, root: Option<&TaskRecord>) -> view::Run {
    let request = record.request;
    view::Run {
        run_id: record.id,
        pipeline: record.pipeline,
        display_name: request.display_name,
        state: record.state,
        engine: record.engine,
        failure: record.failure,
        created_at: record.created_at,
        started_at: root.and_then(|root| root.started_at),
        finished_at: record.finished_at,
        parameters: request.parameters,
        pipeline_root: request.pipeline_root,
        cache: request.cache,
        rerun_of: request.rerun,
        brought: request.origin.brought,
        outputs: root.map(|root| outputs(&root.outputs)).unwrap_or_default(),
        notices: Vec::new(),
        waiting: Vec::new(),
    }
}

pub(super) fn task(record: TaskRecord, attempts: Vec<view::Attempt>) -> view::Task {
    view::Task {
        inputs: outputs(&record.inputs),
        outputs: outputs(&record.outputs),
        path: record.path,
        kind: record.kind,
        display_name: record.display_name,
        state: record.state,
        cached: record.cached,
        reason: record.reason,
        fingerprint: record.fingerprint,
        attempts,
        started_at: record.started_at,
        finished_at: record.finished_at,
    }
}

pub(super) fn attempt(attempt: model::Attempt) -> view::Attempt {
    view::Attempt {
        number: attempt.number,
        state: attempt.state,
        image: attempt.image,
        image_digest: attempt.digest.to_string(),
        command: attempt.command,
        environment: attempt.environment,
        prepared_environment: attempt.setting.prepared,
        resources: attempt.resources,
        gpus: attempt.gpus,
        usage: attempt.usage,
        exit_code: attempt.exit_code,
        failure: attempt.failure,
        before_retry: attempt.before_retry,
        started_at: attempt.started_at,
        finished_at: attempt.finished_at,
    }
}

pub(super) fn result_task(record: TaskRecord, attempts: usize) -> view::ResultTask {
    view::ResultTask {
        name: record.path,
        state: record.state,
        cached: record.cached,
        attempts,
        reason: record.reason.map(|reason| reason.to_string()),
        outputs: plain_outputs(&record.outputs),
        started_at: record.started_at,
        finished_at: record.finished_at,
    }
}

/// Whether a task stands in a result: steps, loops and DAGs do; the run's own DAG and iterations do not.
pub(super) fn is_in_result(task: &TaskRecord) -> bool {
    match task.kind {
        TaskKind::Iteration => false,
        TaskKind::Dag
        | TaskKind::Loop
        | TaskKind::Container
        | TaskKind::Importer
        | TaskKind::CreateVolume
        | TaskKind::DeleteVolume => !task.path.is_root(),
    }
}

/// Tasks in the order in which they began, those that have not begun last; a DAG before what is in it.
pub(super) fn in_order(tasks: &mut [TaskRecord]) {
    tasks.sort_by(|one, other| {
        let began = |task: &TaskRecord| task.started_at.unwrap_or(model::Timestamp::MAX);
        began(one)
            .cmp(&began(other))
            .then_with(|| one.path.cmp(&other.path))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use coracle_model::{Artifact, ArtifactType};

    fn made(uri: &str) -> Artifact {
        Artifact {
            id: None,
            name: "a".to_owned(),
            artifact_type: ArtifactType::default(),
            uri: uri.into(),
            metadata: BTreeMap::new(),
            custom_path: None,
            sha256: None,
        }
    }

    #[test]
    fn outputs_of_a_result_are_values_and_uris() {
        let outputs = model::Outputs {
            parameters: BTreeMap::from([("n".to_owned(), Value::Number(3.0))]),
            artifacts: BTreeMap::from([
                ("model".to_owned(), vec![made("minio://b/m")]),
                (
                    "parts".to_owned(),
                    vec![made("minio://b/1"), made("minio://b/2")],
                ),
                ("none".to_owned(), Vec::new()),
            ]),
        };
        let json = serde_json::to_string(&plain_outputs(&outputs)).unwrap();
        assert_eq!(
            json,
            r#"{"model":"minio://b/m","n":3,"none":[],"parts":["minio://b/1","minio://b/2"]}"#
        );
    }
}
