//! A run with all that a server tells of it: the definition, the values, and what each step made.
//!
//! ```text
//!   GET /runs/{id} ──► parameters, states ──┬─► the run's own definition, or that of its version
//!                                           └─► GET /tasks?run_id=: what each task made, by servers that have it
//! ```
//!
//! Servers without the second part tell names and states alone.

use std::collections::{BTreeMap, HashMap};

use coracle_model::{RemoteState, RunId, TaskName, TaskPath, Timestamp, Value};
use serde::Deserialize;

use super::error::KfpError;
use super::server::KfpServer;
use crate::there::{
    ArtifactThere, DefinitionThere, OutputsThere, ParameterThere, RunThere, StepPlace, StepThere,
    failure_of,
};

/// As many tasks as are asked for at once.
const PAGE: &str = "200";

/// The type of tasks that are carried out; all others are made of tasks.
const STEP: &str = "RUNTIME";

impl KfpServer {
    /// A run with all that is told of it.
    ///
    /// # Errors
    /// What the server said, and a run without a definition.
    pub async fn whole_run(&self, id: RunId) -> Result<RunThere, KfpError> {
        let run: Run = self.get(&format!("/runs/{id}"), &[]).await?;
        let definition = self.definition(&run).await?;
        let steps = match self.tasks(id).await {
            Ok(tasks) => steps(&tasks),
            // It tells names and states alone.
            Err(KfpError::Gone { .. } | KfpError::NotKfp { .. } | KfpError::Refused { .. }) => run
                .run_details
                .map(|details| details.task_details)
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            Err(error) => return Err(error),
        };
        let config = run.runtime_config.unwrap_or_default();
        Ok(RunThere {
            id,
            name: id.to_string(),
            display_name: run.display_name,
            definition: DefinitionThere::Json(definition),
            parameters: config.parameters,
            pipeline_root: config.pipeline_root.filter(|root| !root.is_empty()),
            created_at: run.created_at,
            finished_at: run.finished_at.filter(|at| at.as_second() > 0),
            state: run.state,
            error: run.error.map(|error| error.message),
            steps,
        })
    }

    /// The definition of a run, which may stand in its version.
    async fn definition(&self, run: &Run) -> Result<Value, KfpError> {
        if let Some(own) = &run.pipeline_spec {
            return Ok(own.clone());
        }
        let missing = || KfpError::Gone {
            server: self.name().to_owned(),
            message: "the run has no definition".to_owned(),
        };
        let of = run.pipeline_version_reference.as_ref();
        let of = of.ok_or_else(missing)?;
        let path = format!(
            "/pipelines/{}/versions/{}",
            of.pipeline_id, of.pipeline_version_id
        );
        let version: Version = self.get(&path, &[]).await?;
        version.pipeline_spec.ok_or_else(missing)
    }

    async fn tasks(&self, run: RunId) -> Result<Vec<Task>, KfpError> {
        let run = run.to_string();
        let mut tasks = Vec::new();
        let mut token = String::new();
        loop {
            let mut query = vec![("run_id", run.as_str()), ("page_size", PAGE)];
            if !token.is_empty() {
                query.push(("page_token", &token));
            }
            let page: TaskList = self.get("/tasks", &query).await?;
            tasks.extend(page.tasks);
            if page.next_page_token.is_empty() || page.next_page_token == token {
                return Ok(tasks);
            }
            token = page.next_page_token;
        }
    }
}

#[derive(Deserialize)]
struct Run {
    #[serde(default)]
    display_name: String,
    created_at: Timestamp,
    #[serde(default)]
    finished_at: Option<Timestamp>,
    #[serde(default)]
    state: RemoteState,
    #[serde(default)]
    error: Option<Status>,
    #[serde(default)]
    pipeline_spec: Option<Value>,
    #[serde(default)]
    pipeline_version_reference: Option<Reference>,
    #[serde(default)]
    runtime_config: Option<Config>,
    #[serde(default)]
    run_details: Option<Details>,
}

#[derive(Deserialize, Default)]
struct Config {
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    #[serde(default)]
    pipeline_root: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    pipeline_id: String,
    pipeline_version_id: String,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    pipeline_spec: Option<Value>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    task_details: Vec<Detail>,
}

/// A task as the run itself tells of it.
#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    state: RemoteState,
    #[serde(default)]
    error: Option<Status>,
    #[serde(default)]
    start_time: Option<Timestamp>,
    #[serde(default)]
    end_time: Option<Timestamp>,
}

#[derive(Deserialize)]
struct TaskList {
    #[serde(default)]
    tasks: Vec<Task>,
    #[serde(default)]
    next_page_token: String,
}

/// A task as servers tell of it that keep what tasks made.
#[derive(Deserialize)]
struct Task {
    task_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    type_attributes: Attributes,
    #[serde(default)]
    parent_task_id: String,
    #[serde(default)]
    error: Option<Status>,
    #[serde(default)]
    start_time: Option<Timestamp>,
    #[serde(default)]
    end_time: Option<Timestamp>,
    #[serde(default)]
    outputs: Made,
}

#[derive(Deserialize, Default)]
struct Attributes {
    /// A whole number of 64 bits, which is a text; zero is left out.
    #[serde(default)]
    iteration_index: String,
}

#[derive(Deserialize, Default)]
struct Made {
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(default)]
    artifacts: Vec<Slot>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Slot {
    parameter_name: String,
    value: Artifact,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    artifact_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    uri: String,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
}

impl From<Detail> for StepThere {
    fn from(detail: Detail) -> Self {
        Self {
            place: StepPlace::Name(detail.display_name),
            state: detail.state,
            failure: failure(detail.state, detail.error),
            outputs: None,
            started_at: detail.start_time.filter(|at| at.as_second() > 0),
            finished_at: detail.end_time.filter(|at| at.as_second() > 0),
        }
    }
}

/// The steps among all tasks of a run.
fn steps(tasks: &[Task]) -> Vec<StepThere> {
    let by_id: HashMap<&str, &Task> = tasks
        .iter()
        .map(|task| (task.task_id.as_str(), task))
        .collect();
    let of_steps = tasks.iter().filter(|task| task.kind == STEP);
    of_steps
        .filter_map(|task| {
            let path = path(task, &by_id)?;
            let state = state(&task.status);
            let error = task.error.as_ref().map(|error| Status {
                message: error.message.clone(),
            });
            Some(StepThere {
                place: StepPlace::Path(path, Some(task.task_id.clone())),
                state,
                failure: failure(state, error),
                outputs: Some(made(&task.outputs)),
                started_at: task.start_time,
                finished_at: task.end_time,
            })
        })
        .collect()
}

/// Where a task stands, from the tasks that it is inside of; none where one of them is not told.
fn path(task: &Task, by_id: &HashMap<&str, &Task>) -> Option<TaskPath> {
    let mut names = Vec::new();
    let mut at = task;
    // No more steps up than there are tasks, whatever they say of each other.
    for _ in 0..=by_id.len() {
        if at.parent_task_id.is_empty() {
            return Some(
                names
                    .iter()
                    .rev()
                    .fold(TaskPath::root(), |path, task: &&Task| below(&path, task)),
            );
        }
        names.push(at);
        at = by_id.get(at.parent_task_id.as_str())?;
    }
    None
}

fn below(path: &TaskPath, task: &Task) -> TaskPath {
    if task.kind == "LOOP_ITERATION" {
        return path.iteration(task.type_attributes.iteration_index.parse().unwrap_or(0));
    }
    path.child(&TaskName::from(task.name.as_str()))
}

fn state(word: &str) -> RemoteState {
    match word {
        "CACHED" => RemoteState::Succeeded,
        word => serde_json::from_value(word.into()).unwrap_or_default(),
    }
}

fn failure(state: RemoteState, error: Option<Status>) -> Option<coracle_model::Failure> {
    let ended_badly = matches!(state, RemoteState::Failed | RemoteState::Canceled);
    error
        .filter(|_| ended_badly)
        .map(|error| failure_of(&error.message))
}

fn made(outputs: &Made) -> OutputsThere {
    let parameters = outputs.parameters.iter();
    let mut artifacts: BTreeMap<String, Vec<ArtifactThere>> = BTreeMap::new();
    for slot in &outputs.artifacts {
        let artifact = &slot.value;
        artifacts
            .entry(slot.parameter_name.clone())
            .or_default()
            .push(ArtifactThere {
                id: (!artifact.artifact_id.is_empty()).then(|| artifact.artifact_id.clone()),
                name: artifact.name.clone(),
                artifact_type: None,
                uri: artifact.uri.clone(),
                metadata: artifact.metadata.clone(),
            });
    }
    OutputsThere {
        parameters: parameters
            .map(|one| (one.name.clone(), ParameterThere::Text(one.value.clone())))
            .collect(),
        artifacts,
    }
}

#[cfg(test)]
mod tests {
    use coracle_model::{Failure, FailureCode};

    use super::*;

    #[test]
    fn steps_have_their_paths_and_what_they_made() {
        let text = r#"{"tasks": [
            {"task_id": "0", "name": "root"},
            {"task_id": "1", "name": "loop", "type": "LOOP", "parent_task_id": "0"},
            {"task_id": "2", "name": "loop", "type": "LOOP_ITERATION", "parent_task_id": "1"},
            {"task_id": "3", "name": "loop", "type": "LOOP_ITERATION", "parent_task_id": "1", "type_attributes": {"iteration_index": "1"}},
            {"task_id": "4", "name": "train", "type": "RUNTIME", "parent_task_id": "2", "status": "CACHED", "outputs": {
                "parameters": [{"name": "loss", "value": "0.5"}],
                "artifacts": [{"parameter_name": "model", "value": {"artifact_id": "7", "name": "m", "uri": "minio://b/k", "type": "Model"}}]}},
            {"task_id": "5", "name": "train", "type": "RUNTIME", "parent_task_id": "3", "status": "FAILED",
             "error": {"code": 2, "message": "exit_code: it ended with 3"}},
            {"task_id": "6", "name": "lost", "type": "RUNTIME", "parent_task_id": "9"}
        ]}"#;
        let list: TaskList = serde_json::from_str(text).unwrap();
        let steps = steps(&list.tasks);
        let at = |path: &str, id: &str| StepPlace::Path(path.into(), Some(id.to_owned()));
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[0].place, at("loop[0]/train", "4"));
        assert_eq!(steps[0].state, RemoteState::Succeeded);
        let made = steps[0].outputs.as_ref().unwrap();
        assert_eq!(
            made.parameters["loss"],
            ParameterThere::Text("0.5".to_owned())
        );
        assert_eq!(made.artifacts["model"][0].uri, "minio://b/k");
        assert_eq!(steps[1].place, at("loop[1]/train", "5"));
        let failure = Failure::new(FailureCode::ExitCode, "it ended with 3");
        assert_eq!(steps[1].failure, Some(failure));
    }

    #[test]
    fn tasks_that_are_inside_of_each_other_have_no_path() {
        let text = r#"{"tasks": [
            {"task_id": "1", "name": "a", "type": "RUNTIME", "parent_task_id": "2"},
            {"task_id": "2", "name": "b", "type": "RUNTIME", "parent_task_id": "1"}
        ]}"#;
        let list: TaskList = serde_json::from_str(text).unwrap();
        assert_eq!(steps(&list.tasks), []);
    }
}
