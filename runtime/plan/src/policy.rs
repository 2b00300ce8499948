//! What the plan of a run has to know of the engine it runs on and of the workbench's settings.

use std::collections::BTreeMap;

use coracle_model::EngineKind;

use crate::paths::RunPaths;

/// The surroundings of one run, fixed for its life.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The engine that runs the steps.
    pub engine: EngineKind,
    /// Where the run's files are.
    pub paths: RunPaths,
    /// Whether cached results are used.
    pub cache: bool,
    /// Whether install prefixes become prepared environments.
    pub prepare_environments: bool,
    /// Index settings (`PIP_INDEX_URL` and so on) that installers get; part of an environment's key.
    pub index_settings: BTreeMap<String, String>,
    /// Variables that every step gets: the workbench's address.
    pub step_variables: BTreeMap<String, String>,
}
