//! What every request that is refused is answered with.

use coracle_model::Diagnostic;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What to switch on.
    pub code: ErrorCode,
    /// What went wrong, with its causes.
    pub message: String,
    /// What to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What is wrong with the definition or the parameters, each with its place where it has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

/// The kinds of refusals.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The file is no pipeline that can be run; see the diagnostics.
    InvalidDefinition,
    /// The parameters do not fit the pipeline; see the diagnostics.
    InvalidParameters,
    /// The request itself cannot be understood.
    InvalidRequest,
    /// What was asked for is not there.
    NotFound,
    /// A short form stands for more than one thing.
    Ambiguous,
    /// What was asked for is not in a state for it.
    WrongState,
    /// No engine answers, or not the one that was asked for.
    NoEngine,
    /// The engine refused.
    Engine,
    /// A cluster cannot be reached, or refused.
    Cluster,
    /// A registry of images cannot be reached, or refused.
    Registry,
    /// Nobody works on runs here: the home was opened to read it.
    NoWorkbench,
    /// Another workbench uses this home.
    HomeLocked,
    /// No room is left on the disk.
    DiskFull,
    /// A directory or file of the workbench cannot be written.
    ReadOnly,
    /// The database cannot be used: it is damaged, or of a newer version.
    Database,
    /// The request comes from where it may not.
    Forbidden,
    /// The token of the step is missing or no longer valid.
    Unauthorized,
    /// The request is larger than is taken.
    TooLarge,
    /// The workbench is shutting down.
    Stopping,
    /// A fault of the workbench itself.
    Internal,
}
