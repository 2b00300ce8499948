//! What the loop is given to work with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coracle_apiserver::ApiServer;
use coracle_host::Engine;
use coracle_host::clock::Clock;
use coracle_model::{EngineKind, RunId};
use coracle_plan::{Budget, Policy, RunPaths};
use coracle_store::{Home, Store};

use coracle_model::RunRecord;

use crate::image::Workshop;

/// Everything the loop works with.
#[derive(Clone)]
pub struct Setting {
    /// What is remembered.
    pub store: Store,
    /// The objects, of which steps name secrets and config maps.
    pub api: ApiServer,
    /// Where things are.
    pub home: Home,
    /// What runs steps.
    pub engine: Arc<dyn Engine>,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// What the machine has for steps.
    pub budget: Budget,
    /// What every run's plan is told.
    pub surroundings: Surroundings,
    /// Variables that every step of one run gets beside those of the surroundings: the run's token.
    pub run_variables: Arc<dyn Fn(RunId) -> BTreeMap<String, String> + Send + Sync>,
}

/// The settings of the workbench that a run's plan depends on.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The engine that runs steps.
    pub engine: EngineKind,
    /// Whether install prefixes become prepared environments.
    pub prepare_environments: bool,
    /// Index settings for installers.
    pub index_settings: BTreeMap<String, String>,
    /// Variables that every step gets.
    pub step_variables: BTreeMap<String, String>,
    /// Names that resolve to the workbench's machine inside a step.
    pub workbench_names: Vec<String>,
    /// The user who runs the workbench, when it is not root: files that steps write become theirs.
    pub user: Option<u32>,
    /// How long an engine that stopped answering is waited for before its steps fail.
    pub engine_patience: Duration,
}

impl Setting {
    /// What it takes to build the workbench's own images.
    pub(crate) fn workshop(&self) -> Workshop {
        Workshop {
            index_settings: self.surroundings.index_settings.clone(),
            logs: self.home.logs(),
        }
    }

    /// The policy of one run.
    pub(crate) fn policy(&self, record: &RunRecord) -> Policy {
        let mut step_variables = self.surroundings.step_variables.clone();
        step_variables.extend((self.run_variables)(record.id));
        Policy {
            engine: self.surroundings.engine,
            paths: RunPaths {
                artifacts: self.home.artifacts(),
                run: self.home.run_dir(record.id),
                volumes: self.home.volumes(),
            },
            // What is asked to run again runs; what came before it is taken over without the cache.
            cache: record.request.cache && record.request.rerun.is_none(),
            prepare_environments: self.surroundings.prepare_environments,
            index_settings: self.surroundings.index_settings.clone(),
            step_variables,
        }
    }
}
