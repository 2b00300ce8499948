//! What is no longer as it was.

use std::collections::BTreeSet;

use coracle_model::RunId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One message of `GET /changes`. What it names is to be asked for anew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Changes {
    /// `runs`, `pipelines`, `experiments`, `recurring`, `artifacts`, `health`, `model-servers`, and the plural names of
    /// resources of the Kubernetes API: `pods`, `notebooks` and so on.
    pub topics: BTreeSet<String>,
    /// Runs of which a state, a task, an attempt, a metric or a notice is new.
    pub runs: BTreeSet<RunId>,
}
