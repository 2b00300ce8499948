//! Runs that are brought here from clusters.

use coracle_model::{ArtifactUri, RemotePlace, RunId, RunState, TaskPath};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /clusters/runs:import`: a run that ended elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRun {
    /// The run: its id there, or the name of its workflow. Of one that was sent from here also its id here, or the beginning of either.
    pub run: String,
    /// Where it is; of one that was sent from here it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<RemotePlace>,
    /// The token that an endpoint asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The namespace there; that of the context when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The context's name once more, where it is protected: reading the volume of a run takes a pod there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// The image of `coracle-step` with which the volume of a run is read; the one that the run used when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_image: Option<String>,
}

/// The answer to `POST /clusters/runs:import`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRun {
    /// The run, which has the same id here.
    pub run_id: RunId,
    /// The name people see.
    pub display_name: String,
    /// Its state here.
    pub state: RunState,
    /// Where it ran.
    pub place: String,
    /// Whether it was here before, and nothing was done.
    pub known: bool,
    /// Bytes of the artifacts that came.
    pub bytes: u64,
    /// What its steps made.
    pub artifacts: Vec<ImportedArtifact>,
    /// What steps read that a retry would do again, and is not here.
    pub lost_inputs: Vec<LostInput>,
    /// Steps that succeeded there, but of which is not told what they made; a retry does them again.
    #[schema(value_type = Vec<String>)]
    pub not_told: Vec<TaskPath>,
}

/// An artifact of a run that was brought here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedArtifact {
    /// The step that made it.
    #[schema(value_type = String)]
    pub step: TaskPath,
    /// The name of the output.
    pub name: String,
    /// Where its bytes are, as user code sees it.
    pub uri: ArtifactUri,
    /// How many came; none where it has none.
    pub bytes: Option<u64>,
    /// Why they did not come, where they did not.
    pub missing: Option<String>,
}

/// Something that a step reads and that is not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LostInput {
    /// The step.
    #[schema(value_type = String)]
    pub step: TaskPath,
    /// The artifact's name.
    pub artifact: String,
    /// The step that made it, from which the run can be run again.
    #[schema(value_type = String)]
    pub made_by: TaskPath,
}
