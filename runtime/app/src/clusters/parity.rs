//! A run here beside the same one on a cluster.

use std::collections::BTreeMap;

use coracle_cluster::parity::{Side, Step, compare};
use coracle_model::{
    RemoteOutputs, RemoteRun, RemoteStage, RemoteState, RemoteTask, RunRecord, TaskRecord,
};
use coracle_store::{Home, Store};

use super::pipelines::find;
use crate::error::AppError;
use crate::runs::read_run;
use crate::view::{CompareRuns, ComparedRuns};
use crate::workbench::Workbench;

impl Workbench {
    /// Compares a run here with one on a cluster, both of which have ended.
    ///
    /// # Errors
    /// Runs that are not there or not over.
    pub async fn compare_with_remote(
        &self,
        name: String,
        request: CompareRuns,
    ) -> Result<ComparedRuns, AppError> {
        let run = request.run.clone();
        let mut both = self
            .ask_store(move |store| ended(store, &name, &run))
            .await?;
        let tells_bytes = |task: &RemoteTask| {
            let outputs = task.outputs.as_ref();
            outputs.is_some_and(|outputs| !outputs.sha256.is_empty())
        };
        if both.there.sight.tasks.values().any(tells_bytes) {
            let home = self.home().clone();
            let summed = tokio::task::spawn_blocking(move || with_checksums(both, &home));
            both = summed.await?;
        }
        Ok(compared(&both, &request))
    }
}

/// Two runs that have ended, and the steps of the one here.
struct Both {
    here: RunRecord,
    records: Vec<TaskRecord>,
    there: RemoteRun,
}

fn ended(store: &Store, name: &str, run: &str) -> Result<Both, AppError> {
    let there = find(store, name)?;
    let here = read_run(store, run)?;
    let over = "compare them when both have ended";
    if there.stage != RemoteStage::Done || there.request.recurrence.is_some() {
        let problem = format!("the run {} on {} has no end", there.id, there.place);
        return Err(AppError::request(problem, over));
    }
    if !here.state.is_final() {
        return Err(AppError::request(
            format!("the run {} has not ended", here.id),
            over,
        ));
    }
    let mut records = store.tasks(here.id)?;
    records.retain(|record| record.kind.is_step());
    Ok(Both {
        here,
        records,
        there,
    })
}

/// With the checksums of what the steps here made; what is not on this machine any more has none.
fn with_checksums(mut both: Both, home: &Home) -> Both {
    let outputs = both.records.iter_mut().map(|record| &mut record.outputs);
    for artifact in outputs.flat_map(|outputs| outputs.artifacts.values_mut().flatten()) {
        let path = home.artifact_path(&artifact.uri);
        artifact.sha256 = path.and_then(|path| coracle_carry::digest(&path).ok());
    }
    both
}

fn compared(both: &Both, request: &CompareRuns) -> ComparedRuns {
    let Both {
        here,
        records,
        there,
    } = both;
    let (here_steps, there_steps) = match there.request.workflow {
        Some(_) => (by_path(records), there_by_path(there)),
        None => by_name(records, there),
    };
    let parity = compare(
        &Side {
            state: here.state.into(),
            steps: here_steps,
        },
        &Side {
            state: there.sight.state(),
            steps: there_steps,
        },
        &request.tolerances,
    );
    ComparedRuns {
        here: here.id,
        there: there.id,
        is_fine: parity.is_fine(),
        parity,
    }
}

fn step(record: &TaskRecord) -> Step {
    Step {
        state: record.state.into(),
        outputs: Some(RemoteOutputs::from(&record.outputs)),
    }
}

fn by_path(records: &[TaskRecord]) -> BTreeMap<String, Step> {
    let steps = records.iter();
    steps
        .map(|record| (record.path.to_string(), step(record)))
        .collect()
}

/// Argo's pods say the paths of their tasks.
fn there_by_path(there: &RemoteRun) -> BTreeMap<String, Step> {
    let tasks = there.sight.tasks.iter();
    tasks
        .map(|(path, task)| {
            let step = Step {
                state: task.states.last().copied().unwrap_or_default(),
                outputs: task.outputs.clone(),
            };
            (path.clone(), step)
        })
        .collect()
}

/// Kubeflow Pipelines tells names, which the iterations of a loop share, and tells of its own tasks as well.
fn by_name(
    records: &[TaskRecord],
    there: &RemoteRun,
) -> (BTreeMap<String, Step>, BTreeMap<String, Step>) {
    let mut here: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for record in records {
        here.entry(record.display_name.clone())
            .or_default()
            .push(step(record));
    }
    let mut there_of = BTreeMap::new();
    let mut here_of = BTreeMap::new();
    for (name, steps) in here {
        let tasks = there.sight.tasks.values().filter(|task| task.name == name);
        let found = tasks.map(|task| Step {
            state: task.states.last().copied().unwrap_or_default(),
            outputs: task.outputs.clone(),
        });
        let (steps, found) = matched(steps, found.collect());
        there_of.extend(numbered(&name, found));
        here_of.extend(numbered(&name, steps));
    }
    (here_of, there_of)
}

/// The steps of one name that ran, in an order in which equals stand beside each other. One that is skipped there may have been taken from
/// the cache: it stands for one that ran here and has no other.
fn matched(mut here: Vec<Step>, there: Vec<Step>) -> (Vec<Step>, Vec<Step>) {
    here.retain(|step| !step.state.did_not_run());
    here.sort_by_key(|step| step.state);
    let (skipped, mut there): (Vec<_>, Vec<_>) = there
        .into_iter()
        .partition(|step| step.state == RemoteState::Skipped);
    there.sort_by_key(|step| step.state);
    for _ in skipped {
        if let Some(step) = here.get(there.len()) {
            there.push(Step {
                state: step.state,
                outputs: None,
            });
        }
    }
    (here, there)
}

fn numbered(name: &str, steps: Vec<Step>) -> impl Iterator<Item = (String, Step)> {
    steps
        .into_iter()
        .enumerate()
        .map(move |(index, step)| match index {
            0 => (name.to_owned(), step),
            index => (format!("{name} ({})", index + 1), step),
        })
}

#[cfg(test)]
mod tests {
    use RemoteState::{Failed, Skipped, Succeeded};

    use super::*;

    fn steps(states: &[RemoteState]) -> Vec<Step> {
        let states = states.iter();
        states
            .map(|state| Step {
                state: *state,
                outputs: None,
            })
            .collect()
    }

    fn states(here: &[RemoteState], there: &[RemoteState]) -> [Vec<RemoteState>; 2] {
        let (here, there) = matched(steps(here), steps(there));
        [here, there].map(|side| side.iter().map(|step| step.state).collect())
    }

    #[test]
    fn what_did_not_run_or_was_cached_there_makes_no_difference() {
        for (here, there) in [
            (&[Succeeded, Skipped][..], &[Succeeded][..]),
            (&[Skipped], &[]),
            (&[Succeeded], &[Skipped]),
            (&[Skipped, Succeeded], &[Skipped, Succeeded]),
        ] {
            let [here, there] = states(here, there);
            assert_eq!(here, there);
        }
        for (here, there) in [(&[Failed][..], &[Succeeded][..]), (&[Succeeded], &[])] {
            let [here, there] = states(here, there);
            assert_ne!(here, there);
        }
    }
}
