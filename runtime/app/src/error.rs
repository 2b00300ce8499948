//! Why something that was asked for was not done, as one type with a code, a message and something to try.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use coracle_cluster::ClusterError;
use coracle_cluster::argo::ArgoError;
use coracle_cluster::carrier::CarrierError;
use coracle_cluster::kfp::KfpError;
use coracle_control::ControlError;
use coracle_host::EngineError;
use coracle_host::log::LogError;
use coracle_model::{
    Diagnostic, ExperimentId, PipelineId, PipelineVersionId, RunId, RunState, TaskPath,
};
use coracle_objects::{Reason, Status};
use coracle_oci::PushError;
use coracle_spec::cron::CronError;
use coracle_store::{StoreError, VolumeError};

use crate::compile::NotCompiled;
use crate::config::ListenAddress;
use crate::engine::NoEngine;
use crate::view::{ErrorBody, ErrorCode};

/// Why a use case was refused.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The file is no pipeline that can be run.
    #[error("`{file_name}` cannot be run")]
    Definition {
        /// The file.
        file_name: String,
        /// What is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
    /// A file that was sent cannot be compiled.
    #[error(transparent)]
    Compile(#[from] NotCompiled),
    /// The parameters do not fit the pipeline.
    #[error("the parameters do not fit the pipeline `{pipeline}`")]
    Parameters {
        /// The pipeline.
        pipeline: String,
        /// What is wrong with them.
        diagnostics: Vec<Diagnostic>,
    },
    /// The request cannot be understood.
    #[error("{message}")]
    Request {
        /// What is wrong with it.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// There is nothing of this name.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// `run`, `step`, `artifact` and so on.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// Where to see the names that there are.
        hint: String,
    },
    /// There is nothing to show.
    #[error("{message}")]
    Nothing {
        /// What is not there, and why not.
        message: String,
        /// Where to look instead.
        hint: Option<String>,
    },
    /// A short form stands for more than one thing.
    #[error("`{name}` stands for more than one {what}: {}", candidates.join(", "))]
    Ambiguous {
        /// `run`, `step` and so on.
        what: &'static str,
        /// What was given.
        name: String,
        /// Some of what it may stand for.
        candidates: Vec<String>,
    },
    /// A run is not in a state for it.
    #[error("the run `{run}` is {} and cannot be {action}", state.as_str())]
    WrongState {
        /// The run.
        run: RunId,
        /// Its state.
        state: RunState,
        /// What was asked.
        action: &'static str,
        /// What to do first.
        hint: &'static str,
    },
    /// A name that can be given once only.
    #[error("the {what} `{name}` is there already")]
    NameTaken {
        /// What bears it: `experiment`, `pipeline` and so on.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The experiment that runs are in which name no other stays.
    #[error("the default experiment `{0}` cannot be deleted")]
    DefaultExperiment(ExperimentId),
    /// A run of an experiment that was put aside is not brought back alone.
    #[error("the run `{run}` belongs to the experiment `{experiment}`, which is archived")]
    ExperimentArchived {
        /// The run.
        run: RunId,
        /// Its experiment.
        experiment: ExperimentId,
    },
    /// A pipeline that has versions is not deleted by accident.
    #[error("the pipeline `{pipeline}` still has versions, `{example}` for one")]
    HasVersions {
        /// The pipeline.
        pipeline: PipelineId,
        /// Its newest version.
        example: PipelineVersionId,
    },
    /// A pipeline that has no version cannot be run.
    #[error("the pipeline `{0}` has no version")]
    NoVersions(PipelineId),
    /// A version is named together with a pipeline that it is not of.
    #[error("the version `{version}` belongs to the pipeline `{pipeline}`, not to `{asked}`")]
    OtherPipeline {
        /// The version.
        version: PipelineVersionId,
        /// Its pipeline.
        pipeline: PipelineId,
        /// What was asked for.
        asked: String,
    },
    /// A run is asked for, but of nothing.
    #[error("neither a pipeline nor a definition is given")]
    NoSource,
    /// A cron expression that cannot be read.
    #[error("the cron expression cannot be read: {0}")]
    Cron(CronError),
    /// A rhythm without a pause.
    #[error("a run cannot recur every {0} seconds")]
    Interval(i64),
    /// Tags that are not taken.
    #[error("{0}")]
    Tags(String),
    /// A package that cannot be fetched.
    #[error("{0}")]
    Fetch(String),
    /// More runs at once than are let, or none.
    #[error("a recurring run may have 1 to 10 open runs at once, not {0}")]
    Concurrency(i64),
    /// A list is asked for by something that its items do not have.
    #[error("a {noun} has no field `{field}` to {to}")]
    NoSuchField {
        /// What is listed: `Run`.
        noun: &'static str,
        /// The field.
        field: String,
        /// `sort by` or `filter by`.
        to: &'static str,
    },
    /// A task is not of the kind that can be asked about.
    #[error("`{task}` is {kind}, not a step")]
    NotAStep {
        /// The task.
        task: TaskPath,
        /// `a loop`, `a nested pipeline` and so on.
        kind: &'static str,
    },
    /// Nobody works on runs here.
    #[error("no workbench is running, so nothing works on runs")]
    NoWorkbench,
    /// No engine that may be used answers.
    #[error(transparent)]
    NoEngine(#[from] NoEngine),
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The loop refused.
    #[error(transparent)]
    Control(ControlError),
    /// The store refused.
    #[error(transparent)]
    Store(StoreError),
    /// The Kubernetes API refused.
    #[error(transparent)]
    Object(#[from] Status),
    /// A cluster did not answer as was hoped, or its context cannot be used.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A server of Kubeflow Pipelines did not answer as was hoped.
    #[error(transparent)]
    Kfp(#[from] KfpError),
    /// A cluster's Argo Workflows did not answer as was hoped.
    #[error(transparent)]
    Argo(#[from] ArgoError),
    /// Files were not carried to a cluster, or from one.
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    /// An image was not pushed.
    #[error(transparent)]
    Push(#[from] PushError),
    /// A volume claim was refused.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// A log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What was asked for is larger than is sent.
    #[error("{message}")]
    TooLarge {
        /// What is too large.
        message: String,
        /// What to do instead.
        hint: String,
    },
    /// A file or folder of an artifact cannot be read.
    #[error("failed to read `{}`", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The address to listen at cannot be had.
    #[error("failed to listen at `{address}`")]
    Listen {
        /// The address.
        address: ListenAddress,
        /// What the system said.
        source: io::Error,
    },
    /// The file with the home's identity cannot be used.
    #[error("failed to read or make the home's identity")]
    Identity(#[source] io::Error),
    /// The objects that every home has could not be made.
    #[error("failed to make the objects that every home has")]
    Objects(#[source] Status),
    /// The workbench could not begin.
    #[error(transparent)]
    Begin(Arc<Self>),
    /// Work off the runtime's threads ended badly.
    #[error("work ended without an answer")]
    Lost(#[from] tokio::task::JoinError),
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotStored { what, id } => Self::not_found(what, &id),
            StoreError::NameTaken { what, name } => Self::NameTaken { what, name },
            StoreError::NoSuchField { noun, field, to } => Self::NoSuchField { noun, field, to },
            StoreError::Locked { .. }
            | StoreError::NewerDatabase { .. }
            | StoreError::Corrupt { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::DiskFull { .. }
            | StoreError::NoSuchRun { .. }
            | StoreError::RunExists { .. }
            | StoreError::RunOpen { .. }
            | StoreError::BadComparison { .. }
            | StoreError::Unnumbered { .. }
            | StoreError::Disk { .. }
            | StoreError::Database { .. } => Self::Store(error),
        }
    }
}

impl From<ControlError> for AppError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::NoSuchRun(run) => Self::no_run(&run.to_string()),
            ControlError::WrongState { run, state, action } => Self::WrongState {
                run,
                state,
                action,
                hint: "`coracle get` shows where it stands",
            },
            ControlError::Store(error) => Self::Store(error),
            ControlError::Stopping | ControlError::Thread(_) => Self::Control(error),
        }
    }
}

impl AppError {
    pub(crate) fn no_run(name: &str) -> Self {
        Self::NotFound {
            what: "run",
            name: name.to_owned(),
            hint: "`coracle runs` lists those there are".to_owned(),
        }
    }

    pub(crate) fn no_model_server(namespace: &str, name: &str) -> Self {
        Self::NotFound {
            what: "model server",
            name: format!("{namespace}/{name}"),
            hint: "`kubectl get inferenceservices --all-namespaces` lists those there are"
                .to_owned(),
        }
    }

    /// Something other than a run that is not there.
    pub(crate) fn not_found(what: &'static str, name: &str) -> Self {
        Self::NotFound {
            what,
            name: name.to_owned(),
            hint: format!("look at the list of {what}s"),
        }
    }

    pub(crate) fn stopping() -> Self {
        Self::Control(ControlError::Stopping)
    }

    pub(crate) fn request(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Request {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// What to switch on.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Definition { .. } | Self::Compile(_) => ErrorCode::InvalidDefinition,
            Self::Parameters { .. } => ErrorCode::InvalidParameters,
            Self::Request { .. }
            | Self::NotAStep { .. }
            | Self::OtherPipeline { .. }
            | Self::NoVersions(_)
            | Self::NoSource
            | Self::Cron(_)
            | Self::Interval(_)
            | Self::Concurrency(_)
            | Self::Tags(_)
            | Self::Fetch(_)
            | Self::NoSuchField { .. } => ErrorCode::InvalidRequest,
            Self::NotFound { .. } | Self::Nothing { .. } => ErrorCode::NotFound,
            Self::Ambiguous { .. } => ErrorCode::Ambiguous,
            Self::WrongState { .. }
            | Self::NameTaken { .. }
            | Self::DefaultExperiment(_)
            | Self::ExperimentArchived { .. }
            | Self::HasVersions { .. } => ErrorCode::WrongState,
            Self::NoWorkbench => ErrorCode::NoWorkbench,
            Self::NoEngine(_) => ErrorCode::NoEngine,
            Self::Engine(error) => of_engine(error),
            Self::Control(ControlError::Store(error)) | Self::Store(error) => of_store(error),
            Self::Control(ControlError::NoSuchRun(_)) => ErrorCode::NotFound,
            Self::Control(ControlError::WrongState { .. }) => ErrorCode::WrongState,
            Self::Control(ControlError::Stopping) => ErrorCode::Stopping,
            Self::Control(ControlError::Thread(_)) => ErrorCode::Internal,
            Self::Object(status) => of_object(status),
            Self::Cluster(error) => of_cluster(error),
            Self::Kfp(error) => of_kfp(error),
            Self::Argo(_) | Self::Carrier(_) => ErrorCode::Cluster,
            Self::Push(error) => of_push(error),
            Self::Volume(error) => of_volume(error),
            Self::Begin(error) => error.code(),
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Log(_)
            | Self::Lost(_)
            | Self::Listen { .. }
            | Self::Identity(_)
            | Self::Objects(_)
            | Self::Unreadable { .. } => ErrorCode::Internal,
        }
    }

    /// What to try.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Request { hint, .. }
            | Self::NotFound { hint, .. }
            | Self::TooLarge { hint, .. } => Some(hint.clone()),
            Self::Unreadable { .. } => {
                Some("see whether it can be read there, and by whom".to_owned())
            }
            Self::Nothing { hint, .. } | Self::Compile(NotCompiled { hint, .. }) => hint.clone(),
            Self::Ambiguous { .. } => Some("give more of it".to_owned()),
            Self::WrongState { hint, .. } => Some((*hint).to_owned()),
            Self::NotAStep { task, .. } => Some(format!("ask about a step in it: `{task}/STEP`")),
            Self::NoWorkbench => Some("start one with `coracle serve`".to_owned()),
            Self::NoEngine(error) => Some(error.hint()),
            Self::Cluster(error) => Some(error.hint()),
            Self::Kfp(error) => Some(error.hint()),
            Self::Argo(error) => Some(error.hint().to_owned()),
            Self::Carrier(error) => Some(error.hint()),
            Self::Push(error) => error.hint(),
            Self::Engine(error) => error.to_failure().hint,
            Self::Begin(error) => error.hint(),
            Self::Listen { .. } => {
                Some("another program may listen there; try `--listen 127.0.0.1:0`".to_owned())
            }
            Self::Identity(_) | Self::Objects(_) => {
                Some("`coracle doctor` shows whether the data directory can be used".to_owned())
            }
            Self::NameTaken { .. } => Some("choose another name".to_owned()),
            Self::ExperimentArchived { .. } => Some("bring the experiment back first".to_owned()),
            Self::HasVersions { .. } => {
                Some("delete its versions first, or all with it: `cascade=true`".to_owned())
            }
            Self::NoVersions(_) => Some("upload a version of it first".to_owned()),
            Self::NoSource => Some("name a pipeline, a version or a definition".to_owned()),
            Self::Tags(_) => Some("use up to 20 short words, each with a short value".to_owned()),
            Self::Fetch(_) => Some(
                "use `https` and a well-known host, name the host in `PIPELINE_URL_ALLOWED_DOMAINS`, or download the \
                 file and upload it"
                    .to_owned(),
            ),
            Self::Cron(_) => Some(
                "write seconds, minutes, hours, day of month, month and day of week, or `@daily`"
                    .to_owned(),
            ),
            Self::Definition { .. }
            | Self::Parameters { .. }
            | Self::DefaultExperiment(_)
            | Self::OtherPipeline { .. }
            | Self::Interval(_)
            | Self::Concurrency(_)
            | Self::NoSuchField { .. }
            | Self::Control(_)
            | Self::Store(_)
            | Self::Object(_)
            | Self::Volume(_)
            | Self::Log(_)
            | Self::Lost(_) => None,
        }
    }

    /// The answer to whoever asked.
    pub fn body(&self) -> ErrorBody {
        ErrorBody {
            code: self.code(),
            message: with_causes(self),
            hint: self.hint(),
            diagnostics: self.diagnostics().to_vec(),
        }
    }

    fn diagnostics(&self) -> &[Diagnostic] {
        let (Self::Definition { diagnostics, .. }
        | Self::Parameters { diagnostics, .. }
        | Self::Compile(NotCompiled { diagnostics, .. })) = self
        else {
            return &[];
        };
        diagnostics
    }
}

fn of_engine(error: &EngineError) -> ErrorCode {
    match error {
        EngineError::Unavailable { .. } => ErrorCode::NoEngine,
        EngineError::DiskFull { .. } => ErrorCode::DiskFull,
        EngineError::ImageNotFound { .. }
        | EngineError::Gone { .. }
        | EngineError::NoSandbox { .. } => ErrorCode::NotFound,
        EngineError::BuildFailed { .. }
        | EngineError::InstallFailed { .. }
        | EngineError::Lost { .. }
        | EngineError::NotRunning { .. }
        | EngineError::NotExecuted { .. }
        | EngineError::NotListening { .. }
        | EngineError::PortTaken { .. }
        | EngineError::Unsupported { .. }
        | EngineError::Refused { .. } => ErrorCode::Engine,
    }
}

fn of_store(error: &StoreError) -> ErrorCode {
    match error {
        StoreError::Locked { .. } => ErrorCode::HomeLocked,
        StoreError::NewerDatabase { .. } | StoreError::Corrupt { .. } => ErrorCode::Database,
        StoreError::ReadOnly { .. } => ErrorCode::ReadOnly,
        StoreError::DiskFull { .. } => ErrorCode::DiskFull,
        StoreError::NoSuchRun { .. } | StoreError::NotStored { .. } => ErrorCode::NotFound,
        StoreError::RunExists { .. }
        | StoreError::RunOpen { .. }
        | StoreError::NameTaken { .. } => ErrorCode::WrongState,
        StoreError::NoSuchField { .. } | StoreError::BadComparison { .. } => {
            ErrorCode::InvalidRequest
        }
        StoreError::Unnumbered { .. } | StoreError::Disk { .. } | StoreError::Database { .. } => {
            ErrorCode::Internal
        }
    }
}

fn of_object(status: &Status) -> ErrorCode {
    match status.reason {
        Reason::BadRequest
        | Reason::Invalid
        | Reason::MethodNotAllowed
        | Reason::NotAcceptable
        | Reason::UnsupportedMediaType => ErrorCode::InvalidRequest,
        Reason::RequestEntityTooLarge => ErrorCode::TooLarge,
        Reason::NotFound | Reason::Expired | Reason::Gone => ErrorCode::NotFound,
        Reason::Unauthorized
        | Reason::Forbidden
        | Reason::AlreadyExists
        | Reason::Conflict
        | Reason::TooManyRequests => ErrorCode::WrongState,
        Reason::InternalError | Reason::ServiceUnavailable | Reason::Timeout | Reason::Unknown => {
            ErrorCode::Internal
        }
    }
}

fn of_kfp(error: &KfpError) -> ErrorCode {
    match error {
        KfpError::Cluster(error) => of_cluster(error),
        KfpError::Address { .. } | KfpError::NoNamespace { .. } => ErrorCode::InvalidRequest,
        KfpError::Busy { .. }
        | KfpError::NotKfp { .. }
        | KfpError::Unauthorized { .. }
        | KfpError::Forbidden { .. }
        | KfpError::Gone { .. }
        | KfpError::Refused { .. } => ErrorCode::Cluster,
    }
}

fn of_push(error: &PushError) -> ErrorCode {
    match error {
        PushError::Destination(_) => ErrorCode::InvalidRequest,
        PushError::Unauthorized { .. }
        | PushError::Denied { .. }
        | PushError::NoRepository { .. }
        | PushError::TooManyRequests { .. }
        | PushError::Unreachable { .. }
        | PushError::Unexpected { .. }
        | PushError::Credentials { .. } => ErrorCode::Registry,
        PushError::Archive { .. } | PushError::Damaged { .. } => ErrorCode::Engine,
        PushError::Spool(error) if error.kind() == io::ErrorKind::StorageFull => {
            ErrorCode::DiskFull
        }
        PushError::Spool(_) => ErrorCode::Internal,
        PushError::Cancelled => ErrorCode::Stopping,
    }
}

fn of_cluster(error: &ClusterError) -> ErrorCode {
    match error {
        ClusterError::NoContext | ClusterError::ContextGone { .. } => ErrorCode::NotFound,
        ClusterError::ContextBroken { .. } => ErrorCode::InvalidRequest,
        ClusterError::Plugin { .. }
        | ClusterError::Unauthorized { .. }
        | ClusterError::Forbidden { .. }
        | ClusterError::Untrusted { .. }
        | ClusterError::Tls { .. }
        | ClusterError::Unreachable { .. }
        | ClusterError::TimedOut { .. }
        | ClusterError::NotKubernetes { .. }
        | ClusterError::Refused { .. } => ErrorCode::Cluster,
    }
}

fn of_volume(error: &VolumeError) -> ErrorCode {
    match error {
        VolumeError::Name(_) => ErrorCode::InvalidRequest,
        VolumeError::Conflict { .. } => ErrorCode::WrongState,
        VolumeError::Disk(error) => of_store(error),
    }
}

/// An error and what caused it, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // A transparent wrapper says the same again.
        if !message.ends_with(&text) {
            message = format!("{message}: {text}");
        }
        cause = error.source();
    }
    message
}
