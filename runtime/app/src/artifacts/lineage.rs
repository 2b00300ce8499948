//! What an artifact was made from, and what was made from it, across runs.
//!
//! The tasks' own inputs and outputs are looked at, which also tell of steps whose results came from the cache.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use coracle_model::{Artifact, ArtifactId, Outputs, RunId, TaskRecord};
use coracle_store::Store;

use super::graph::{Known, Step, graph};
use super::list::stored;
use crate::error::AppError;
use crate::view::{LineageGraph, LineageQuery};
use crate::workbench::Workbench;

/// How many steps are gone each way when nobody says how many.
const USUAL_DEPTH: usize = 10;

/// The most steps that are gone each way.
const LARGEST_DEPTH: usize = 100;

/// The most runs that are looked at for one artifact.
const RUNS_OF_ONE: usize = 50;

/// The most runs that are looked at in all.
const RUNS: usize = 200;

impl Workbench {
    /// The graph of artifacts and steps around an artifact.
    ///
    /// # Errors
    /// When there is no such artifact, or the database cannot be read.
    pub async fn artifact_lineage(
        &self,
        id: ArtifactId,
        query: LineageQuery,
    ) -> Result<LineageGraph, AppError> {
        let depth = query.depth.unwrap_or(USUAL_DEPTH).clamp(1, LARGEST_DEPTH);
        self.ask_store(move |store| {
            let root = stored(store, id)?.artifact;
            let mut looked_at = LookedAt::default();
            graph(&root, id, query.direction, depth, |id| {
                looked_at.known(store, id)
            })
        })
        .await
    }
}

/// The runs that were looked at, each once.
#[derive(Default)]
struct LookedAt {
    runs: HashMap<RunId, Vec<Rc<Step>>>,
}

impl LookedAt {
    fn known(&mut self, store: &Store, id: ArtifactId) -> Result<Known, AppError> {
        // One more tells whether there are others.
        let mut runs = store.runs_with(id, RUNS_OF_ONE + 1)?;
        let mut known = Known {
            truncated: runs.len() > RUNS_OF_ONE,
            ..Known::default()
        };
        runs.truncate(RUNS_OF_ONE);
        for (run, name) in runs {
            if self.runs.len() == RUNS && !self.runs.contains_key(&run) {
                known.truncated = true;
                continue;
            }
            let steps = self.steps(store, run, &name)?;
            known.steps.extend(steps.iter().cloned());
        }
        Ok(known)
    }

    fn steps(&mut self, store: &Store, run: RunId, name: &str) -> Result<&[Rc<Step>], AppError> {
        Ok(match self.runs.entry(run) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let tasks = store
                    .tasks(run)?
                    .into_iter()
                    .filter(|task| task.kind.makes_artifacts());
                place.insert(tasks.map(|task| Rc::new(step(task, name))).collect())
            }
        })
    }
}

fn step(task: TaskRecord, run_name: &str) -> Step {
    Step {
        run: task.run,
        run_name: run_name.to_owned(),
        path: task.path,
        display_name: task.display_name,
        state: task.state,
        cached: task.cached,
        inputs: by_key(task.inputs),
        outputs: by_key(task.outputs),
    }
}

fn by_key(values: Outputs) -> Vec<(String, Artifact)> {
    let by_key = |(key, list): (String, Vec<Artifact>)| {
        list.into_iter()
            .map(move |artifact| (key.clone(), artifact))
    };
    values.artifacts.into_iter().flat_map(by_key).collect()
}
