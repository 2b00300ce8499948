//! Artifacts and who made and read them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coracle_model::{ArtifactId, ArtifactUri, RunId, TaskPath, Timestamp, Value};
use serde::{Deserialize, Serialize};

/// `GET /runs/{run}/artifacts`: what a run made, imported or took from an earlier one, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactList {
    /// The artifacts.
    pub artifacts: Vec<ArtifactDetail>,
}

/// An artifact among a task's inputs and outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its number, once it is recorded.
    pub id: Option<ArtifactId>,
    /// The name of the output that made it.
    pub name: String,
    /// Its type, such as `system.Model`; empty when the definition has a schema of its own.
    pub schema_title: String,
    /// Where its bytes are, as user code sees it.
    pub uri: ArtifactUri,
    /// What its maker said of it.
    pub metadata: BTreeMap<String, Value>,
}

/// `GET /artifacts/{id}`: one artifact with where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactDetail {
    /// The artifact itself.
    pub artifact: Artifact,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// The file or directory on this machine that holds its bytes; none when they are elsewhere.
    pub path: Option<PathBuf>,
    /// Bytes of the files there; none when there is nothing.
    pub size_bytes: Option<u64>,
    /// Who made it, then who took it over. Only in `GET /artifacts/{id}` are there more than one.
    pub producers: Vec<ArtifactUse>,
    /// Who read it; only in `GET /artifacts/{id}`.
    pub consumers: Vec<ArtifactUse>,
}

/// A task that made or read an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactUse {
    /// The run.
    pub run_id: RunId,
    /// The task.
    pub task: TaskPath,
    /// The name of its input or output.
    pub key: String,
}
