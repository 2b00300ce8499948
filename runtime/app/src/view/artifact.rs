//! Artifacts and who made and read them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coracle_model::{ArtifactId, ArtifactUri, RunId, RunState, TaskPath, Timestamp, Value};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of `GET /artifacts`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct ArtifactQuery {
    /// Only what this run made, imported, read or took from an earlier one: its id, or a unique beginning of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Only artifacts of this type, such as `system.Model`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub schema_title: Option<String>,
    /// Only artifacts of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only artifacts with every word of this in their name or their URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only artifacts that come after this one in the list: the `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<ArtifactId>,
    /// How many at most, from 1 to 1000; 100 when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// `GET /artifacts`: artifacts, newest first. `GET /runs/{run}/artifacts`: all that a run made, imported, read
/// or took from an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactList {
    /// The artifacts.
    pub artifacts: Vec<ArtifactDetail>,
    /// What to give as `after` for the next page; none on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ArtifactId>,
}

/// An artifact among a task's inputs and outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactDetail {
    /// The artifact itself.
    pub artifact: Artifact,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// The file or directory on this machine that holds its bytes; none when they are elsewhere.
    #[schema(value_type = Option<String>)]
    pub path: Option<PathBuf>,
    /// Bytes of the files there; none when there is nothing.
    pub size_bytes: Option<u64>,
    /// When its bytes were deleted, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discarded_at: Option<Timestamp>,
    /// Who made it, then who took it over. Only in `GET /artifacts/{id}` are there more than one.
    pub producers: Vec<ArtifactUse>,
    /// Who read it; only in `GET /artifacts/{id}`.
    pub consumers: Vec<ArtifactUse>,
}

/// `GET /artifacts/{id}/removal`: what deleting its bytes would free. `DELETE /artifacts/{id}`: what it has freed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactRemoval {
    /// The artifact.
    pub id: ArtifactId,
    /// Bytes of its files.
    pub bytes: u64,
    /// Other artifacts at the same place, in it or around it, which lose them too.
    pub shared_with: Vec<ArtifactName>,
    /// How many runs any of these stands in.
    pub user_count: usize,
    /// The first of these runs, oldest first.
    pub used_by: Vec<ArtifactUser>,
}

/// An artifact by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactName {
    /// Its number.
    pub id: ArtifactId,
    /// The name of the output that made it.
    pub name: String,
}

/// A run that has an artifact among what it made or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactUser {
    /// The run.
    pub run_id: RunId,
    /// The name people see.
    pub display_name: String,
    /// How it is; while it is open, nothing that it uses is deleted.
    pub state: RunState,
}

/// A task that made or read an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactUse {
    /// The run.
    pub run_id: RunId,
    /// The task.
    pub task: TaskPath,
    /// The name of its input or output.
    pub key: String,
}

/// The query of `GET /artifacts/{id}/preview`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct PathQuery {
    /// A file in an artifact that is a folder, by its path below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The query of `GET /artifacts/{id}/content`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct ContentQuery {
    /// A file in an artifact that is a folder, by its path below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether it is to be saved rather than shown; a folder comes as a tar archive then.
    pub download: bool,
}

/// `GET /artifacts/{id}/files`: the files of an artifact that is a folder, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactFiles {
    /// The files; the artifact itself, without a path, when it is a file.
    pub files: Vec<ArtifactFile>,
    /// Whether there are more than are listed.
    pub truncated: bool,
}

/// A file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactFile {
    /// Its path below the artifact.
    pub path: String,
    /// Bytes in it.
    pub size_bytes: u64,
}
