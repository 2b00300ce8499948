//! A new run that takes over the first part of another.

use coracle_model::{Lineage, RunId, RunRecord, RunRequest, StorageState, TaskPath};
use coracle_store::{ArtifactFilter, Store};

use super::create::{Accepted, created};
use super::find::{find_task, read_run};
use crate::error::AppError;
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
    match lost_input(store, record.id, &from)? {
        Some(error) => Err(error),
        None => Ok((record, from)),
    }
}

/// What a step reads that was deleted since: it would begin, only to find nothing.
fn lost_input(store: &Store, run: RunId, step: &TaskPath) -> Result<Option<AppError>, AppError> {
    let filter = ArtifactFilter {
        run: Some(run),
        limit: usize::MAX,
        ..ArtifactFilter::default()
    };
    for stored in store.artifacts(&filter)? {
        let Some(id) = stored.artifact.id.filter(|_| stored.discarded_at.is_some()) else {
            continue;
        };
        let lineage = store.lineage(id)?;
        let is_read = |used: &Lineage| used.run == run && used.task == *step;
        if !lineage.consumers.iter().any(is_read) {
            continue;
        }
        let made = lineage.producers.iter().find(|made| made.run == run);
        let hint = made.map_or_else(
            || "make a new run of the pipeline".to_owned(),
            |made| format!("run it again from `{}`, which makes it", made.task),
        );
        let name = &stored.artifact.name;
        return Ok(Some(AppError::request(
            format!("`{step}` reads `{name}`, whose bytes were deleted"),
            hint,
        )));
    }
    Ok(None)
}

fn again(old: RunRecord, from: TaskPath) -> Accepted {
    let display_name = format!("{} from {from}", old.request.display_name);
    Accepted {
        pipeline: old.pipeline,
        request: RunRequest {
            rerun: Some((old.id, from)),
            display_name,
            ..old.request
        },
        warnings: Vec::new(),
    }
}
