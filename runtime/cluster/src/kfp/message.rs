//! The messages of KFP's API, as far as they are read and sent here.

use std::collections::BTreeMap;

use coracle_model::{RemoteSight, RemoteState, RemoteTask, Timestamp, Value};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(super) struct Health {
    #[serde(default)]
    pub(super) multi_user: bool,
}

#[derive(Deserialize)]
pub(super) struct ExperimentList {
    #[serde(default)]
    pub(super) experiments: Vec<Experiment>,
}

#[derive(Deserialize)]
pub(super) struct Experiment {
    pub(super) experiment_id: String,
}

#[derive(Deserialize)]
pub(super) struct PipelineList {
    #[serde(default)]
    pub(super) pipelines: Vec<Pipeline>,
}

#[derive(Deserialize)]
pub(super) struct Pipeline {
    pub(super) pipeline_id: String,
}

#[derive(Deserialize)]
pub(super) struct VersionList {
    #[serde(default)]
    pub(super) pipeline_versions: Vec<Version>,
}

#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) pipeline_version_id: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Deserialize)]
pub(super) struct RunList {
    #[serde(default)]
    pub(super) runs: Vec<RunName>,
}

#[derive(Deserialize)]
pub(super) struct RunName {
    pub(super) run_id: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Deserialize)]
pub(super) struct RecurringList {
    #[serde(default, rename = "recurringRuns")]
    pub(super) recurring_runs: Vec<RecurringName>,
}

#[derive(Deserialize)]
pub(super) struct RecurringName {
    pub(super) recurring_run_id: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Serialize)]
pub(super) struct VersionReference<'a> {
    pub(super) pipeline_id: &'a str,
    pub(super) pipeline_version_id: &'a str,
}

#[derive(Serialize)]
pub(super) struct RuntimeConfig<'a> {
    pub(super) parameters: &'a BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pipeline_root: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct NewRun<'a> {
    pub(super) run_id: String,
    pub(super) display_name: &'a str,
    pub(super) description: &'a str,
    pub(super) experiment_id: &'a str,
    pub(super) pipeline_version_reference: VersionReference<'a>,
    pub(super) runtime_config: RuntimeConfig<'a>,
}

#[derive(Serialize)]
pub(super) struct NewRecurring<'a> {
    pub(super) display_name: &'a str,
    pub(super) description: &'a str,
    pub(super) experiment_id: &'a str,
    pub(super) pipeline_version_reference: VersionReference<'a>,
    pub(super) runtime_config: RuntimeConfig<'a>,
    pub(super) mode: &'static str,
    pub(super) max_concurrency: String,
    pub(super) no_catchup: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<&'a str>,
    pub(super) trigger: serde_json::Value,
}

/// A run, read whole.
#[derive(Deserialize)]
pub(super) struct Run {
    #[serde(default)]
    state: RemoteState,
    #[serde(default)]
    error: Option<Status>,
    #[serde(default)]
    finished_at: Option<Timestamp>,
    #[serde(default)]
    state_history: Vec<PastState>,
    #[serde(default)]
    run_details: Option<Details>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct PastState {
    #[serde(default)]
    state: RemoteState,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    task_details: Vec<Task>,
}

#[derive(Deserialize)]
struct Task {
    task_id: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    start_time: Option<Timestamp>,
    #[serde(default)]
    end_time: Option<Timestamp>,
    #[serde(default)]
    state: RemoteState,
    #[serde(default)]
    error: Option<Status>,
    #[serde(default)]
    state_history: Vec<PastState>,
    #[serde(default)]
    outputs: BTreeMap<String, ArtifactIds>,
}

#[derive(Deserialize)]
struct ArtifactIds {
    #[serde(default)]
    artifact_ids: Vec<String>,
}

impl From<Run> for RemoteSight {
    fn from(run: Run) -> Self {
        let tasks = run.run_details.map(|details| details.task_details);
        let tasks = tasks.unwrap_or_default().into_iter();
        Self {
            states: states(&run.state_history, run.state),
            error: words(run.error),
            finished_at: some(run.finished_at),
            tasks: tasks
                .map(|task| (task.task_id.clone(), task.into()))
                .collect(),
            untold: None,
        }
    }
}

impl From<Task> for RemoteTask {
    fn from(task: Task) -> Self {
        let outputs = task.outputs.into_iter();
        Self {
            name: task.display_name,
            states: states(&task.state_history, task.state),
            started_at: some(task.start_time),
            finished_at: some(task.end_time),
            error: words(task.error),
            artifacts: outputs
                .map(|(name, made)| (name, made.artifact_ids))
                .collect(),
            outputs: None,
            pod: None,
        }
    }
}

/// The states one after another, as far as the history has them, and the present one at the end.
fn states(history: &[PastState], present: RemoteState) -> Vec<RemoteState> {
    let said = history.iter().map(|past| past.state).chain([present]);
    let mut states: Vec<_> = said
        .filter(|state| *state != RemoteState::RuntimeStateUnspecified)
        .collect();
    states.dedup();
    states
}

fn words(status: Option<Status>) -> Option<String> {
    status
        .map(|status| status.message)
        .filter(|message| !message.is_empty())
}

/// KFP's server writes the beginning of 1970 for what has not been yet.
fn some(at: Option<Timestamp>) -> Option<Timestamp> {
    at.filter(|at| at.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_as_kfps_server_writes_it() {
        let text = r#"{
            "run_id": "r", "state": "RUNNING", "finished_at": "1970-01-01T00:00:00Z", "unknown": 1,
            "state_history": [{"update_time": "2026-01-01T00:00:00Z", "state": "PENDING"}],
            "run_details": {"task_details": [
                {"task_id": "t", "display_name": "train", "state": "FAILED", "end_time": "2026-01-01T00:00:09Z",
                 "error": {"code": 13, "message": "no room"}, "outputs": {"model": {"artifact_ids": ["7"]}}},
                {"task_id": "w"}
            ]}
        }"#;
        let sight: RemoteSight = serde_json::from_str::<Run>(text).unwrap().into();
        assert_eq!(sight.states, [RemoteState::Pending, RemoteState::Running]);
        assert_eq!(sight.finished_at, None);
        let task = &sight.tasks["t"];
        assert_eq!(task.error.as_deref(), Some("no room"));
        assert_eq!(task.artifacts["model"], ["7"]);
        assert!(task.finished_at.is_some() && sight.tasks["w"].states.is_empty());
    }
}
