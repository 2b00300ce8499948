//! What can be freed.

use std::path::PathBuf;

use coracle_model::{ArtifactId, ArtifactUri, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of `GET /gc` (what would be freed) and the body of `POST /gc` (free it).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct GcRequest {
    /// Also remove runs that had ended by this time, with what only they use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_before: Option<Timestamp>,
    /// Also remove prepared environments; the next step that needs one makes it again.
    pub environments: bool,
}

/// `GET /gc`: what would be freed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GcPlan {
    /// What would go.
    pub items: Vec<GcItem>,
    /// Bytes of all of it.
    pub bytes: u64,
}

/// One thing that can be freed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GcItem {
    /// What it is.
    pub kind: GcItemKind,
    /// What to call it: the run's name, the environment's install text.
    pub name: String,
    /// The run it belongs or belonged to.
    pub run_id: Option<RunId>,
    /// Where it lies, when it is a file or directory.
    #[schema(value_type = Option<String>)]
    pub path: Option<PathBuf>,
    /// Its size.
    pub bytes: u64,
}

/// What can be freed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GcItemKind {
    /// A run that has ended: its record, its logs, and artifacts that no other run uses.
    Run,
    /// Artifacts that a removed run left.
    Artifacts,
    /// Folders and logs that a removed run left.
    Logs,
    /// A prepared environment.
    Environment,
}

/// `POST /gc`: what was freed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GcFreed {
    /// What went.
    pub items: Vec<GcItem>,
    /// Bytes of all of it.
    pub bytes: u64,
    /// What could not be removed, and why.
    pub failures: Vec<String>,
}

/// `DELETE /runs/{run}`: what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedRun {
    /// The run that is no more.
    pub run_id: RunId,
    /// Bytes of the files that went with it.
    pub freed_bytes: u64,
    /// The artifacts that stay, since other runs use them.
    pub kept: Vec<KeptArtifact>,
    /// Files that could not be removed, and why; the next collection tries again.
    pub failures: Vec<String>,
}

/// An artifact of a removed run that other runs use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptArtifact {
    /// Its number.
    pub id: ArtifactId,
    /// The name of the output that made it.
    pub name: String,
    /// Where its bytes are, as user code sees it.
    pub uri: ArtifactUri,
    /// Bytes of its files; none when there is nothing on this machine.
    pub size_bytes: Option<u64>,
    /// The first runs that use it, oldest first.
    pub used_by: Vec<RunId>,
}
