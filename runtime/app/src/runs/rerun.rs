//! A new run that takes over the first part of another.

use coracle_model::{
    RunId, RunOrigin, RunRecord, RunRequest, StorageState, TaskPath, TaskRecord, TaskState,
};
use coracle_plan::is_redone;
use coracle_store::Store;

use super::create::{Accepted, created};
use super::find::{find_task, read_run};
use super::lost::lost_inputs;
use crate::error::AppError;
use crate::pipelines::read_definition;
use crate::view::{CreatedRun, Rerun};
use crate::workbench::Workbench;

impl Workbench {
    /// Makes a run of the same pipeline with the same parameters that begins with a step; what does not depend on
    /// that step is taken over.
    ///
    /// # Errors
    /// When there is no such run or step, the run is not over, or nobody works on runs here.
    pub async fn rerun(&self, name: String, request: Rerun) -> Result<CreatedRun, AppError> {
        let accepted = self
            .ask_store(move |store| {
                let (old, from) = origin(store, &name, &request.from)?;
                Ok(again(old, from))
            })
            .await?;
        let now = self.inner.clock.now();
        let record = self
            .enqueue(RunId::random(), StorageState::Available, accepted, now)
            .await?;
        Ok(created(record, Vec::new()))
    }
}

fn origin(store: &Store, name: &str, from: &str) -> Result<(RunRecord, TaskPath), AppError> {
    let record = read_run(store, name)?;
    if !record.state.is_final() {
        let (run, state) = (record.id, record.state);
        let hint = "wait for it, or cancel it first: `coracle cancel`";
        return Err(AppError::WrongState {
            run,
            state,
            action: "rerun",
            hint,
        });
    }
    let tasks = store.tasks(record.id)?;
    let from = find_task(record.id, tasks.iter().map(|task| &task.path), from)?;
    let (definition, _) = read_definition(record.request.definition.as_bytes(), "pipeline.yaml")?;
    let redone = |task: &TaskRecord| {
        task.state != TaskState::Succeeded || is_redone(&definition.spec, &from, &task.path)
    };
    // It would begin, only to find nothing.
    match lost_inputs(store, record.id, &definition.spec, redone)?.pop() {
        Some(lost) => Err(lost.refusal()),
        None => Ok((record, from)),
    }
}

fn again(old: RunRecord, from: TaskPath) -> Accepted {
    let display_name = format!("{} from {from}", old.request.display_name);
    Accepted {
        pipeline: old.pipeline,
        request: RunRequest {
            rerun: Some((old.id, from)),
            display_name,
            origin: RunOrigin {
                brought: None,
                ..old.request.origin
            },
            ..old.request
        },
        warnings: Vec::new(),
    }
}
