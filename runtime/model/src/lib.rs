//! The words of the workbench: ids, names, values, image references, resource quantities, states with
//! their transitions, failures, artifacts and events.
//!
//! Every other crate speaks in these types. This crate does no IO, spawns nothing and reads no clock: a
//! time is always a value that comes in.
#![forbid(unsafe_code)]

mod amount;
mod artifact;
mod diagnostic;
mod event;
mod experiment;
mod failure;
mod id;
mod image;
mod listing;
mod namespace_range;
mod pipeline;
mod quantity;
mod recurring;
mod remote_run;
mod run;
mod state;
mod value;
mod workflow_settings;

pub use amount::{AmountError, Quantity};
pub use artifact::{Artifact, ArtifactId, ArtifactType, ArtifactUri, Lineage};
pub use diagnostic::{Diagnostic, Severity, Span};
pub use event::{Event, EventCursor, EventKind};
pub use experiment::{Experiment, StorageState};
pub use failure::{Failure, FailureCode};
pub use id::{
    ComponentName, EnvironmentKey, ExecutorLabel, ExperimentId, Fingerprint, GpuUuid, PipelineId,
    PipelineName, PipelineVersionId, RecurringRunId, RunId, TaskName, TaskPath,
};
pub use image::{ImageDigest, ImageRef, ImageRefError, RegistryUser};
pub use listing::{Comparison, ListPlace, ListQuery, Operand, Page, Predicate, Sort, SortValue};
pub use namespace_range::NamespaceRange;
pub use pipeline::{Pipeline, PipelineVersion, VersionRef};
pub use quantity::{Cpu, Memory, QuantityError, Resources};
pub use recurring::{Progress, RecurringRun, RunSource, Schedule, Trigger};
pub use remote_run::{
    Recurrence, RemoteEvent, RemoteNews, RemoteOutputs, RemotePlace, RemoteProblem, RemoteRequest,
    RemoteRun, RemoteSight, RemoteStage, RemoteState, RemoteTask,
};
pub use run::{
    Attempt, AttemptNumber, AttemptSetting, AttemptUsage, BroughtFrom, EngineKind, Outputs,
    RunOrigin, RunRecord, RunRequest, SecretVariable, StoredVolume, StoredVolumeSource, TaskKind,
    TaskRecord,
};
pub use state::{IllegalTransition, RunState, TaskState};
pub use value::{Value, ValueKind};

pub use jiff::Timestamp;
pub use workflow_settings::{WorkflowBucket, WorkflowSettings, WorkflowStore};
