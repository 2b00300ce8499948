//! The tasks of a run as KFP's API shows them: one entry each, with those directly inside of it as its children.

use std::collections::HashMap;

use coracle_app::{RunOverview, TaskEntry};
use coracle_model::{FailureCode, TaskKind, TaskPath, TaskState};
use serde::Serialize;

use super::run_message::StateMessage;
use super::write::{is_empty, time};
use crate::task_id::task_id;

/// How the end of something is written that has not ended.
const NOT_ENDED: &str = "0001-01-01T00:00:00Z";

/// The code of gRPC for what went wrong on its own.
const UNKNOWN: u8 = 2;

#[derive(Serialize)]
pub(super) struct TaskMessage {
    run_id: String,
    task_id: String,
    display_name: String,
    create_time: String,
    #[serde(skip_serializing_if = "is_empty")]
    start_time: Option<String>,
    end_time: String,
    #[serde(skip_serializing_if = "is_empty")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "is_empty")]
    error: Option<ErrorMessage>,
    #[serde(skip_serializing_if = "is_empty")]
    parent_task_id: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    state_history: Vec<StateMessage>,
    #[serde(skip_serializing_if = "is_empty")]
    child_tasks: Vec<ChildMessage>,
}

#[derive(Serialize)]
struct ErrorMessage {
    code: u8,
    message: String,
}

/// A child, by the name under which its log and artifacts are read.
#[derive(Serialize)]
struct ChildMessage {
    pod_name: String,
}

/// The tasks of a run, the run's own DAG first.
pub(super) fn messages(overview: &RunOverview) -> Vec<TaskMessage> {
    let run = overview.entry.id;
    let id = |path: &TaskPath| task_id(run, path);
    let mut children: HashMap<TaskPath, Vec<ChildMessage>> = HashMap::new();
    for task in &overview.tasks {
        if let Some(parent) = parent(&task.path) {
            let pod_name = id(&task.path);
            children
                .entry(parent)
                .or_default()
                .push(ChildMessage { pod_name });
        }
    }
    let created = time(overview.entry.created_at);
    let message = |task: &TaskEntry| TaskMessage {
        run_id: run.to_string(),
        task_id: id(&task.path),
        display_name: display_name(task),
        create_time: created.clone(),
        start_time: task.started_at.map(time),
        end_time: task.finished_at.map_or_else(|| NOT_ENDED.to_owned(), time),
        state: state(task),
        error: error(task),
        parent_task_id: parent(&task.path).map(|path| id(&path)),
        state_history: history(task),
        child_tasks: children.remove(&task.path).unwrap_or_default(),
    };
    overview.tasks.iter().map(message).collect()
}

/// What a task is directly inside of. An iteration is inside of its loop.
fn parent(path: &TaskPath) -> Option<TaskPath> {
    if path.is_root() {
        return None;
    }
    let text = path.as_str();
    match text
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['))
    {
        Some((looped, _)) => Some(looped.into()),
        None => path.parent(),
    }
}

/// The names that tasks have in a cluster.
fn display_name(task: &TaskEntry) -> String {
    match task.kind {
        TaskKind::Dag if task.path.is_root() => "root".to_owned(),
        TaskKind::Iteration => {
            let index = task.path.as_str().rsplit_once('[');
            let index = index.map_or("", |(_, index)| index.trim_end_matches(']'));
            format!("iteration-item({index})")
        }
        TaskKind::Dag
        | TaskKind::Loop
        | TaskKind::Container
        | TaskKind::Importer
        | TaskKind::CreateVolume
        | TaskKind::DeleteVolume => task.display_name.clone(),
    }
}

/// The state; none for what was never to run, since something before it did not go well.
fn state(task: &TaskEntry) -> Option<&'static str> {
    let code = task.reason.as_ref().map(|reason| reason.code);
    match task.state {
        TaskState::Skipped
            if matches!(
                code,
                Some(FailureCode::UpstreamFailed | FailureCode::UpstreamSkipped)
            ) =>
        {
            None
        }
        TaskState::Canceled => task.started_at.map(|_| TaskState::Failed.as_str()),
        TaskState::Pending
        | TaskState::Running
        | TaskState::Succeeded
        | TaskState::Skipped
        | TaskState::Failed => Some(task.state.as_str()),
    }
}

fn error(task: &TaskEntry) -> Option<ErrorMessage> {
    let reason = task.reason.as_ref()?;
    match task.state {
        TaskState::Failed | TaskState::Canceled => Some(ErrorMessage {
            code: UNKNOWN,
            message: reason.to_string(),
        }),
        TaskState::Pending | TaskState::Running | TaskState::Succeeded | TaskState::Skipped => None,
    }
}

fn history(task: &TaskEntry) -> Vec<StateMessage> {
    let began = task.started_at.map(|at| StateMessage {
        update_time: time(at),
        state: TaskState::Running.as_str(),
    });
    let ended = task.finished_at.zip(state(task));
    let ended = ended.map(|(at, state)| StateMessage {
        update_time: time(at),
        state,
    });
    began.into_iter().chain(ended).collect()
}
