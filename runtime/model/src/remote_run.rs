//! Runs of pipelines on clusters: what was sent where, what became of it, and what was heard of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Outputs, RunId, RunState, Schedule, TaskState, Value, WorkflowSettings};

/// Where a server of Kubeflow Pipelines, or a cluster with Argo Workflows, is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RemotePlace {
    /// The URL of its API, such as `http://127.0.0.1:8888`.
    Endpoint(String),
    /// A cluster that has one.
    Context {
        /// The context that leads to the cluster.
        name: String,
        /// The value of `KUBECONFIG` in which it is; the workbench's own where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kubeconfig: Option<String>,
    },
}

impl std::fmt::Display for RemotePlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Endpoint(url) => formatter.write_str(url),
            Self::Context { name, .. } => write!(formatter, "context {name}"),
        }
    }
}

/// What is to be made on a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoteRequest {
    /// The pipeline.
    pub pipeline: String,
    /// The name of the file with its definition, whose ending says how its bytes are read.
    pub file_name: String,
    /// The name that people see there.
    pub display_name: String,
    /// The experiment, by its name.
    pub experiment: String,
    /// The namespace, on a server that has several.
    pub namespace: Option<String>,
    /// The values of the pipeline's parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Where artifacts go instead of the server's own root.
    pub pipeline_root: Option<String>,
    /// When it runs again and again; once where there is none.
    pub recurrence: Option<Recurrence>,
    /// What it needs of a cluster that has Argo Workflows alone; none where Kubeflow Pipelines runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowSettings>,
}

/// How something runs again and again on a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// The rhythm.
    pub schedule: Schedule,
    /// Whether slots that were missed are made up for.
    pub catch_up: bool,
    /// How many runs may be open at once.
    pub max_concurrency: u32,
}

/// How far what was sent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RemoteStage {
    /// It may be there or not: it is looked for, and made where it is missing.
    Sending,
    /// It is there, and followed.
    Sent,
    /// It has ended there, or is a recurring run that the server carries on by itself.
    Done,
    /// The server did not take it; nothing of it runs there.
    Refused,
}

impl RemoteStage {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Done => "DONE",
            Self::Refused => "REFUSED",
        }
    }

    /// Whether nothing more becomes of it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Refused)
    }
}

impl std::str::FromStr for RemoteStage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Sending, Self::Sent, Self::Done, Self::Refused]
            .into_iter()
            .find(|stage| stage.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no stage of a run on a cluster"))
    }
}

/// The states that KFP's API has for runs and tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RemoteState {
    /// Nothing is said of it.
    #[default]
    RuntimeStateUnspecified,
    /// It waits.
    Pending,
    /// It is at work.
    Running,
    /// It went well.
    Succeeded,
    /// It did not have to run, or could be taken from the cache.
    Skipped,
    /// It failed.
    Failed,
    /// It is being stopped.
    Canceling,
    /// It was stopped.
    Canceled,
    /// It was halted, and may go on.
    Paused,
}

impl RemoteState {
    /// KFP's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RuntimeStateUnspecified => "RUNTIME_STATE_UNSPECIFIED",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Skipped => "SKIPPED",
            Self::Failed => "FAILED",
            Self::Canceling => "CANCELING",
            Self::Canceled => "CANCELED",
            Self::Paused => "PAUSED",
        }
    }

    /// Whether nothing ran: it was left out, or stopped before it began.
    pub fn did_not_run(self) -> bool {
        matches!(self, Self::Skipped | Self::Canceled | Self::Pending)
    }

    /// Whether no other follows.
    pub fn is_final(self) -> bool {
        match self {
            Self::Succeeded | Self::Skipped | Self::Failed | Self::Canceled => true,
            Self::RuntimeStateUnspecified
            | Self::Pending
            | Self::Running
            | Self::Canceling
            | Self::Paused => false,
        }
    }
}

impl From<TaskState> for RemoteState {
    fn from(state: TaskState) -> Self {
        match state {
            TaskState::Pending => Self::Pending,
            TaskState::Running => Self::Running,
            TaskState::Succeeded => Self::Succeeded,
            TaskState::Skipped => Self::Skipped,
            TaskState::Failed => Self::Failed,
            TaskState::Canceled => Self::Canceled,
        }
    }
}

impl From<RunState> for RemoteState {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Pending => Self::Pending,
            RunState::Running => Self::Running,
            RunState::Canceling => Self::Canceling,
            RunState::Succeeded => Self::Succeeded,
            RunState::Failed => Self::Failed,
        }
    }
}

/// A run as a server shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RemoteSight {
    /// The states that it had, the present one last.
    pub states: Vec<RemoteState>,
    /// What is said of why it failed.
    pub error: Option<String>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Its tasks, by their ids on the server.
    pub tasks: BTreeMap<String, RemoteTask>,
    /// Why its tasks are not told, where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<RemoteProblem>,
}

impl RemoteSight {
    /// Its state.
    pub fn state(&self) -> RemoteState {
        self.states.last().copied().unwrap_or_default()
    }
}

/// A task as a server shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RemoteTask {
    /// The name that people see.
    pub name: String,
    /// The states that it had, the present one last.
    pub states: Vec<RemoteState>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What is said of why it failed.
    pub error: Option<String>,
    /// The ids of the artifacts that it made, by the names of its outputs, where the server tells them.
    pub artifacts: BTreeMap<String, Vec<String>>,
    /// What it produced, where the server tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<RemoteOutputs>,
    /// The pod that its last attempt ran in, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
}

/// What a task on a server produced, by the names of its outputs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RemoteOutputs {
    /// Values of parameters.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, serde_json::Value>))]
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// What was said of artifacts, metrics among it; of several where an output is a list.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Vec<serde_json::Value>>))]
    pub metadata: BTreeMap<String, Vec<BTreeMap<String, serde_json::Value>>>,
    /// The SHA-256 of the bytes of artifacts, where they are told: of several where an output is a list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sha256: BTreeMap<String, Vec<String>>,
}

impl From<&Outputs> for RemoteOutputs {
    fn from(outputs: &Outputs) -> Self {
        let said = |values: &BTreeMap<String, Value>| {
            let values = values.iter();
            values
                .map(|(name, value)| (name.clone(), serde_json::json!(value)))
                .collect()
        };
        let (mut metadata, mut sha256) = (BTreeMap::new(), BTreeMap::new());
        for (name, several) in &outputs.artifacts {
            let said: Vec<_> = several.iter().map(|one| said(&one.metadata)).collect();
            metadata.insert(name.clone(), said);
            let digests: Option<Vec<_>> = several.iter().map(|one| one.sha256.clone()).collect();
            if let Some(digests) = digests.filter(|digests| !digests.is_empty()) {
                sha256.insert(name.clone(), digests);
            }
        }
        Self {
            parameters: said(&outputs.parameters),
            metadata,
            sha256,
        }
    }
}

/// Why something is not as it should be on a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RemoteProblem {
    /// A word to switch on.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to try.
    pub hint: String,
}

/// What was heard of a run on a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RemoteNews {
    /// The definition is there.
    Version {
        /// Its pipeline there.
        pipeline_id: String,
        /// Its version there.
        version_id: String,
        /// Whether it was uploaded now, and not there before.
        uploaded: bool,
    },
    /// The run, or the recurring run, is there.
    Made {
        /// Its id there.
        remote_id: String,
        /// Whether it was found there, after a break.
        found: bool,
    },
    /// The run has another state.
    Run {
        /// The state.
        state: RemoteState,
        /// What is said of why it failed.
        error: Option<String>,
    },
    /// A task has another state.
    Task {
        /// Its id there.
        task_id: String,
        /// Its name.
        name: String,
        /// The state.
        state: RemoteState,
        /// What is said of why it failed.
        error: Option<String>,
    },
    /// The server does not answer as it should; it is asked again.
    Trouble(RemoteProblem),
    /// The server answers again.
    Back,
    /// The server did not take it, or no longer has it.
    Refused(RemoteProblem),
}

/// Something that was heard, with its place in the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RemoteEvent {
    /// Its number: above those of all that was heard before.
    pub number: i64,
    /// When it was heard.
    pub at: Timestamp,
    /// What.
    pub news: RemoteNews,
}

/// A run, or a recurring run, on a cluster as it is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteRun {
    /// Its id here, by which it is found there again.
    pub id: RunId,
    /// Where it is.
    pub place: RemotePlace,
    /// What it is.
    pub request: RemoteRequest,
    /// How far it is.
    pub stage: RemoteStage,
    /// Its id there.
    pub remote_id: Option<String>,
    /// How it looked when it was seen last.
    pub sight: RemoteSight,
    /// What is wrong at present, or why it was refused.
    pub problem: Option<RemoteProblem>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was seen last.
    pub seen_at: Option<Timestamp>,
}
