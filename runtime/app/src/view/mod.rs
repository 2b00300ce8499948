//! What goes over the wire: the workbench's own API in both directions, as plain values.
//!
//! The server builds these from what is stored, clients read them back; nobody keeps them. They name states,
//! failures and ids in the model's words. A field is added freely; one that is renamed or removed is another
//! version of the API. Times are RFC 3339 in UTC, durations are milliseconds, sizes are bytes.

mod artifact;
mod bytes;
mod changes;
mod cluster;
mod config;
mod create;
mod cursor;
mod definition;
mod deployment;
mod doctor;
mod environment;
mod error;
mod event;
mod gc;
mod health;
mod import;
mod lineage;
mod log;
mod measured;
mod model_drift;
mod model_request;
mod model_server;
mod preview;
mod push;
mod recurring;
mod remote_run;
mod result;
mod run;
mod run_parity;
mod task;
mod volume;
mod why;
mod workflow;
mod workload;

pub use artifact::{
    Artifact, ArtifactDetail, ArtifactFile, ArtifactFiles, ArtifactList, ArtifactName,
    ArtifactQuery, ArtifactRemoval, ArtifactUse, ArtifactUser, ContentQuery, PathQuery,
};
pub use bytes::Bytes;
pub use changes::Changes;
pub use cluster::{
    ClusterContext, ClusterContextList, ClusterDevice, ClusterFinding, ClusterPart, ContextsQuery,
    FindingSeverity, ManifestFile, PreflightReport, PreflightRequest,
};
pub use config::{Config, ConfigList, PutConfig};
pub use create::{CloneRun, CreateRun, CreatedRun, OpenStep, OpenedStep, ParameterValue, Rerun};
pub use cursor::{LogPosition, NotACursor, StreamCursor};
pub use definition::{
    CheckDefinition, CompileDefinition, CompiledDefinition, DefinitionFormat, DefinitionQuery,
    DefinitionReport,
};
pub use deployment::{
    CarriedClaim, DeployData, DeployObjects, Deployed, DeploymentList, DeploymentPlace,
    DeploymentStanding, DeploymentsQuery, ExportObjects, ExportedObjects, FieldParity,
    FoundLocalImages, LeftOut, ListedDeployment, LocalClaim, LocalImages, ObjectDone,
    ObjectSources, ObjectStanding, ParityReport, Previewed, PreviewedDeployment, StandingObject,
};
pub use doctor::{
    Check, CheckStatus, DoctorReport, EngineChoice, EngineTried, Gpu, MachineFacts, Places,
};
pub use environment::{Environment, EnvironmentList};
pub use error::{ErrorBody, ErrorCode};
pub use event::{Event, EventQuery, LogEvent, Message, Told, Written};
pub use gc::{GcFreed, GcItem, GcItemKind, GcPlan, GcRequest, KeptArtifact, RemovedRun};
pub use health::{GpuCheck, GpuCheckState, Health};
pub use import::{ImportRun, ImportedArtifact, ImportedRun, LostInput};
pub use lineage::{
    ArtifactLink, LineageDirection, LineageEdge, LineageEdgeKind, LineageGraph, LineageQuery,
    LineageTask, LinkList, LinkPlace, LinkQuery,
};
pub use log::{
    LogFormat, LogLine, LogLines, LogLinesQuery, LogMatches, LogMatchesQuery, LogQuery, LogStream,
};
pub use measured::{MeasuredResources, MeasuredResourcesQuery, MeasuredStep};
pub use model_drift::{
    CategoryCount, ClassAccuracy, DriftBin, DriftVerdict, FeatureDrift, ModelAccuracy, ModelDrift,
    ModelProfile, ProfileQuery, ProfiledFeature, ProfiledValues, RequestLabels,
};
pub use model_request::{
    AnswerDifference, ForgottenRequests, LoadSecond, MessageHeader, ModelMessage, ModelRequest,
    ModelRequestDetail, ModelRequestList, ModelRequestQuery, ReplayOutcome, ReplayReport,
    ReplayRequests, ReplayServer, ReplayedRequest, ServerLoad,
};
pub use model_server::{
    ModelServer, ModelServerList, ModelServerState, Replicas, ServerContainer, ServerPart,
    ServerPod, ServerRevision, TrafficTarget,
};
pub use preview::{ArtifactPreview, content_url};
pub use push::{PushImage, PushProgress, PushState, PushTold, PushedImage};
pub use recurring::RecurringStatus;
pub use remote_run::{
    CancelRemoteRun, CreateRemoteRun, CreatedRemoteRun, RemoteEventQuery, RemoteEvents,
    RemoteRecurrence, RemoteRhythm, RemoteRun, RemoteRunList, RemoteToken,
};
pub use result::{ResultTask, RunResult};
pub use run::{
    Notice, Run, RunFields, RunList, RunOwner, RunQuery, RunSummary, RunValues, Waiting,
};
pub use run_parity::{
    BadTolerance, CompareRuns, ComparedRuns, RunDifference, RunParity, Tolerance,
};
pub use task::{Attempt, Outputs, Task, TaskList};
pub use volume::{FileKind, FilesQuery, PutVolume, Volume, VolumeFile, VolumeFiles, VolumeList};
pub use why::{KeyChange, Verdict, Why};
pub use workflow::{LowerDefinition, LoweredDefinition, LoweringFinding, LoweringParity};
pub use workload::{FollowWorkload, WorkloadEnd, WorkloadNews};

/// Where the workbench's own API begins.
pub const API_ROOT: &str = "/apis/coracle/v1";
