//! The instances a run consists of: one node for each task, loop and iteration that has come into being.
//!
//! Nodes stand in one arena and refer to each other by number. A node comes into being when the DAG around it
//! is expanded, which is when that DAG's own inputs are known.

use std::collections::BTreeMap;

use coracle_model::{
    Artifact, AttemptNumber, ComponentName, EnvironmentKey, Failure, Fingerprint, ImageDigest,
    Outputs, TaskKind, TaskName, TaskPath, TaskState, Timestamp, Value,
};
use coracle_spec::executor::ExecutorInput;
use coracle_spec::pipeline::RetryPolicy;

use crate::cache_key::CacheKey;
use crate::history::Past;

/// The number of a node in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) usize);

/// One instance.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) path: TaskPath,
    pub(crate) display_name: String,
    /// The node this one stands in; none for the run's own DAG.
    pub(crate) parent: Option<NodeId>,
    /// The task's name in the parent's DAG; none for the root and for iterations.
    pub(crate) task: Option<TaskName>,
    /// The component; none for the root.
    pub(crate) component: Option<ComponentName>,
    pub(crate) kind: TaskKind,
    pub(crate) status: Status,
    /// The retry policy of its own or inherited from a DAG around it.
    pub(crate) retry: Option<RetryPolicy>,
    /// Tasks of the same DAG that have not ended and that this one depends on.
    pub(crate) unmet: usize,
    /// Tasks of the same DAG that depend on this one.
    pub(crate) dependents: Vec<NodeId>,
    pub(crate) inputs: Inputs,
    pub(crate) outputs: Outputs,
    pub(crate) children: Children,
    pub(crate) step: Option<Box<StepState>>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
}

/// What a node was given, once it began.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Inputs {
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) artifacts: BTreeMap<String, Vec<Artifact>>,
}

/// Where a node stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Status {
    /// Tasks it depends on have not all ended.
    Waiting,
    /// A DAG, loop or iteration whose children are at work.
    Open,
    /// Its image and the cache are being looked at.
    LookedUp,
    /// Its environment is being prepared.
    Preparing(EnvironmentKey),
    /// It may start as soon as the machine has room.
    Queued,
    /// An attempt is at work.
    Running(AttemptNumber),
    /// The next attempt has to wait.
    BackingOff,
    /// Something other than a container is being done for it: an import, a volume.
    Serving,
    /// Nothing will follow.
    Ended(End),
}

/// How a node ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    Succeeded { cached: bool },
    Skipped(Failure),
    Failed(Failure),
    Canceled(Failure),
}

/// The nodes inside a DAG or loop.
#[derive(Debug, Default)]
pub(crate) struct Children {
    /// A DAG's tasks.
    pub(crate) tasks: BTreeMap<TaskName, NodeId>,
    /// A loop's iterations, by index.
    pub(crate) iterations: Vec<NodeId>,
    /// How many have not ended.
    pub(crate) open: usize,
    /// A loop's iterations that have not been started for its parallelism limit: the next index.
    pub(crate) next_iteration: usize,
}

/// What a step knows of itself between beginning and end.
#[derive(Debug)]
pub(crate) struct StepState {
    pub(crate) executor_input: ExecutorInput,
    pub(crate) image: String,
    pub(crate) digest: Option<ImageDigest>,
    pub(crate) prepared: Option<EnvironmentKey>,
    pub(crate) cache_key: Option<CacheKey>,
    pub(crate) fingerprint: Option<Fingerprint>,
    /// What an earlier life left, until the step is set to work.
    pub(crate) past: Option<Past>,
    /// Attempts of earlier lives of the run, which retries do not count.
    pub(crate) earlier_attempts: u32,
    /// Attempts in this life of the run.
    pub(crate) attempts: u32,
}

impl Status {
    /// KFP's word for it.
    pub(crate) fn state(&self) -> TaskState {
        match self {
            Self::Waiting
            | Self::LookedUp
            | Self::Preparing(_)
            | Self::Queued
            | Self::BackingOff => TaskState::Pending,
            Self::Open | Self::Running(_) | Self::Serving => TaskState::Running,
            Self::Ended(end) => end.state(),
        }
    }

    pub(crate) fn end(&self) -> Option<&End> {
        match self {
            Self::Ended(end) => Some(end),
            Self::Waiting
            | Self::Open
            | Self::LookedUp
            | Self::Preparing(_)
            | Self::Queued
            | Self::Running(_)
            | Self::BackingOff
            | Self::Serving => None,
        }
    }

    pub(crate) fn succeeded(&self) -> bool {
        matches!(self, Self::Ended(End::Succeeded { .. }))
    }
}

impl End {
    pub(crate) fn state(&self) -> TaskState {
        match self {
            Self::Succeeded { .. } => TaskState::Succeeded,
            Self::Skipped(_) => TaskState::Skipped,
            Self::Failed(_) => TaskState::Failed,
            Self::Canceled(_) => TaskState::Canceled,
        }
    }

    pub(crate) fn reason(&self) -> Option<&Failure> {
        match self {
            Self::Succeeded { .. } => None,
            Self::Skipped(failure) | Self::Failed(failure) | Self::Canceled(failure) => {
                Some(failure)
            }
        }
    }
}
