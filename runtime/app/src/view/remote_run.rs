//! Runs of pipelines on clusters: what is asked for, and where it stands.

use std::collections::BTreeMap;

use coracle_model::{
    Diagnostic, RemoteEvent, RemotePlace, RemoteProblem, RemoteStage, RemoteState, RemoteTask,
    RunId, Timestamp, WorkflowSettings,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Bytes, ParameterValue};

/// `POST /clusters/runs`: a pipeline to run elsewhere, and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRemoteRun {
    /// The server.
    pub place: RemotePlace,
    /// The context's name once more, where it is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// The token that it asks for, at an endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The namespace there, where it has several; a context's own when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The file's bytes, as base64, which are sent as they are: YAML, JSON, a zip or a gzipped tar of one.
    pub definition: Bytes,
    /// The file's name. Its ending says how the bytes are read.
    pub file_name: String,
    /// The pipeline's parameters by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The experiment there, by its name; `Default` when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// The name people see; made from the pipeline's when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where artifacts go instead of the server's own root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_root: Option<String>,
    /// When it runs again and again; once when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<RemoteRecurrence>,
    /// What it needs of a cluster that has Argo Workflows and no Kubeflow Pipelines; left out, Kubeflow Pipelines runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowSettings>,
}

/// How something runs again and again on a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteRecurrence {
    /// The rhythm.
    pub rhythm: RemoteRhythm,
    /// Whether slots that were missed are made up for.
    pub catch_up: bool,
    /// How many runs may be open at once, from 1 to 10.
    pub max_concurrency: u32,
}

/// A rhythm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RemoteRhythm {
    /// A cron expression that begins with seconds, or a word such as `@daily`.
    Cron(String),
    /// Every so many seconds.
    EverySeconds(u64),
}

/// The answer to `POST /clusters/runs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreatedRemoteRun {
    /// The run.
    pub run: RemoteRun,
    /// Whether an equal one was still open, which this is.
    pub known: bool,
    /// Warnings about the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// A run, or a recurring run, that is on a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RemoteRun {
    /// Its id here.
    pub run_id: RunId,
    /// Where it is.
    pub place: RemotePlace,
    /// The pipeline.
    pub pipeline: String,
    /// The name people see there.
    pub display_name: String,
    /// The experiment there.
    pub experiment: String,
    /// The namespace there; that of the context, or the only one, where none was named.
    pub namespace: Option<String>,
    /// Whether it runs again and again.
    pub is_recurring: bool,
    /// How far it is.
    pub stage: RemoteStage,
    /// Its id there, once it is there.
    pub remote_id: Option<String>,
    /// Its state when it was seen last.
    pub state: Option<RemoteState>,
    /// What the server says of why it failed.
    pub error: Option<String>,
    /// What is wrong at present, or why it was refused.
    pub problem: Option<RemoteProblem>,
    /// Its tasks as they were seen last.
    pub tasks: Vec<RemoteTask>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was seen last.
    pub seen_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl From<coracle_model::RemoteRun> for RemoteRun {
    fn from(run: coracle_model::RemoteRun) -> Self {
        Self {
            state: run.sight.states.last().copied(),
            run_id: run.id,
            place: run.place,
            pipeline: run.request.pipeline,
            display_name: run.request.display_name,
            experiment: run.request.experiment,
            namespace: run.request.namespace,
            is_recurring: run.request.recurrence.is_some(),
            stage: run.stage,
            remote_id: run.remote_id,
            error: run.sight.error,
            problem: run.problem,
            tasks: run.sight.tasks.into_values().collect(),
            created_at: run.created_at,
            seen_at: run.seen_at,
            finished_at: run.sight.finished_at,
        }
    }
}

/// `GET /clusters/runs`: what was sent to clusters, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RemoteRunList {
    /// The runs.
    pub runs: Vec<RemoteRun>,
}

/// The query of `GET /clusters/runs/{run}/events`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RemoteEventQuery {
    /// Only what was heard after this event; 0 for all.
    pub after: i64,
}

/// `GET /clusters/runs/{run}/events`: what was heard of a run. Where there is nothing new, the answer waits for it a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RemoteEvents {
    /// The run, as it is after these events or later.
    pub run: RemoteRun,
    /// In their order.
    pub events: Vec<RemoteEvent>,
}

/// `POST /clusters/runs/{run}/cancel`: has a run on a cluster be stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CancelRemoteRun {
    /// The context's name once more, which changing something in a protected context needs.
    pub confirm: Option<String>,
}

/// `PUT /clusters/runs/{run}/token`: another token for the server, in place of one that it no longer accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteToken {
    /// The token.
    pub token: String,
}
