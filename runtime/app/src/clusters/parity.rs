//! A run here beside the same one on a cluster.

use std::collections::BTreeMap;

use coracle_cluster::parity::{Side, Step, compare};
use coracle_model::{RemoteOutputs, RemoteRun, RemoteStage, RemoteState, TaskKind, TaskRecord};
use coracle_store::Store;

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
        self.ask_store(move |store| compared(store, &name, &request))
            .await
    }
}

fn compared(store: &Store, name: &str, request: &CompareRuns) -> Result<ComparedRuns, AppError> {
    let there = find(store, name)?;
    let here = read_run(store, &request.run)?;
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
    records.retain(|record| is_step(record.kind));
    let (here_steps, there_steps) = match there.request.workflow {
        Some(_) => (by_path(&records), there_by_path(&there)),
        None => by_name(&records, &there),
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
    Ok(ComparedRuns {
        here: here.id,
        there: there.id,
        is_fine: parity.is_fine(),
        parity,
    })
}

fn is_step(kind: TaskKind) -> bool {
    match kind {
        TaskKind::Container
        | TaskKind::Importer
        | TaskKind::CreateVolume
        | TaskKind::DeleteVolume => true,
        TaskKind::Dag | TaskKind::Loop | TaskKind::Iteration => false,
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
    let mut found: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for task in there.sight.tasks.values() {
        if here.contains_key(&task.name) {
            found.entry(task.name.clone()).or_default().push(Step {
                state: task.states.last().copied().unwrap_or_default(),
                outputs: task.outputs.clone(),
            });
        }
    }
    (numbered(here), numbered(found))
}

fn numbered(steps: BTreeMap<String, Vec<Step>>) -> BTreeMap<String, Step> {
    let ran = |step: &Step| step.state == RemoteState::Skipped;
    let mut all = BTreeMap::new();
    for (name, mut several) in steps {
        // Which is which is not told; those that ran are compared first.
        several.sort_by_key(|step| (ran(step), step.state));
        let count = several.len();
        for (index, step) in several.into_iter().enumerate() {
            let name = match count {
                1 => name.clone(),
                _ => format!("{name} ({})", index + 1),
            };
            all.insert(name, step);
        }
    }
    all
}
