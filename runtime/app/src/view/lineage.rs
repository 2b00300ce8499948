//! What an artifact was made from, and what was made from it.

use coracle_model::{ArtifactId, RunId, TaskPath, TaskState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Artifact, ArtifactUse};

/// The query of `GET /artifacts/{id}/lineage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct LineageQuery {
    /// Which way to go.
    pub direction: LineageDirection,
    /// How many steps to go each way, from 1 to 100; 10 when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
}

/// Which way lineage is followed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LineageDirection {
    /// Both ways.
    #[default]
    Both,
    /// To what the artifact was made from.
    Upstream,
    /// To what was made from the artifact.
    Downstream,
}

/// `GET /artifacts/{id}/lineage`: artifacts and the steps between them, of all runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LineageGraph {
    /// The artifact that was asked about.
    pub artifact_id: ArtifactId,
    /// The artifacts, the one that was asked about first.
    pub artifacts: Vec<Artifact>,
    /// The steps, in the order in which they were found.
    pub tasks: Vec<LineageTask>,
    /// Which step reads or makes which artifact.
    pub edges: Vec<LineageEdge>,
    /// Whether there is more than a graph is given.
    pub truncated: bool,
}

/// A step in a graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineageTask {
    /// The run.
    pub run_id: RunId,
    /// The name of the run.
    pub run_name: String,
    /// The step.
    pub task: TaskPath,
    /// The name people see.
    pub display_name: String,
    /// Its state.
    pub state: TaskState,
    /// Whether its outputs were taken from an earlier run.
    pub cached: bool,
}

/// A step reads or makes an artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct LineageEdge {
    /// The artifact.
    pub artifact_id: ArtifactId,
    /// The run.
    pub run_id: RunId,
    /// The step.
    pub task: TaskPath,
    /// Which of the two.
    pub kind: LineageEdgeKind,
    /// The name of the input or output.
    pub key: String,
}

/// How a step has to do with an artifact.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LineageEdgeKind {
    /// It reads it.
    Input,
    /// It makes it, or took it from an earlier run.
    Output,
}

/// Which inputs and outputs of tasks are asked for; all of them when nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkQuery {
    /// Those of these runs.
    pub runs: Vec<RunId>,
    /// Those of these tasks.
    pub tasks: Vec<(RunId, TaskPath)>,
    /// Those of these artifacts.
    pub artifacts: Vec<ArtifactId>,
    /// Only inputs, or only outputs.
    pub kind: Option<LineageEdgeKind>,
    /// Where the page begins.
    pub from: Option<LinkPlace>,
    /// How many at most.
    pub limit: usize,
}

/// A place in a list of links: a run, and how many of its links come before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkPlace {
    /// The run.
    pub run: RunId,
    /// How many of the run's links come before.
    pub offset: usize,
}

/// A page of inputs and outputs of tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkList {
    /// The links.
    pub links: Vec<ArtifactLink>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<LinkPlace>,
}

/// An input or output of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactLink {
    /// The artifact and the task.
    pub edge: LineageEdge,
    /// Who made the artifact; none when its run is gone.
    pub producer: Option<ArtifactUse>,
}
