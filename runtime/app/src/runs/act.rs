//! Stopping a run, beginning it again where it failed, and forgetting it.

use coracle_model::{RunRecord, RunState, TaskRecord, TaskState};
use coracle_store::Store;

use super::find::{find_run, read_run};
use super::lost::lost_inputs;
use crate::error::AppError;
use crate::gc::forget;
use crate::pipelines::read_definition;
use crate::view::RemovedRun;
use crate::workbench::Workbench;

impl Workbench {
    /// Stops a run; returns once that is on its way.
    ///
    /// # Errors
    /// When there is no such run, it is over, or nobody works on runs here.
    pub async fn cancel(&self, name: String) -> Result<(), AppError> {
        let run = self.ask_store(move |store| find_run(store, &name)).await?;
        Ok(self.working().await?.control.cancel(run).await?)
    }

    /// Begins a failed run again where it failed; what succeeded stands.
    ///
    /// # Errors
    /// When there is no such run, it has not failed, what a step would read is not here, or nobody works on runs here.
    pub async fn retry(&self, name: String) -> Result<(), AppError> {
        let run = self
            .ask_store(move |store| {
                let record = read_run(store, &name)?;
                if record.state == RunState::Failed {
                    unless_lost(store, &record)?;
                }
                Ok(record.id)
            })
            .await?;
        Ok(self.working().await?.control.retry(run).await?)
    }

    /// Forgets a run that is over, with its files and the artifacts that no other run uses.
    ///
    /// # Errors
    /// When there is no such run, or it is not over; files that cannot be removed are in the answer.
    pub async fn remove_run(&self, name: String) -> Result<RemovedRun, AppError> {
        let home = self.home().clone();
        self.ask_store(move |store| {
            let record = read_run(store, &name)?;
            let (run, state) = (record.id, record.state);
            match state {
                RunState::Succeeded | RunState::Failed => forget(store, &home, run),
                RunState::Pending | RunState::Running | RunState::Canceling => {
                    Err(AppError::WrongState {
                        run,
                        state,
                        action: "removed",
                        hint: "cancel it first: `coracle cancel`",
                    })
                }
            }
        })
        .await
    }
}

/// Refuses to begin what would come to a step whose inputs are not here.
fn unless_lost(store: &Store, record: &RunRecord) -> Result<(), AppError> {
    let (definition, _) = read_definition(record.request.definition.as_bytes(), "pipeline.yaml")?;
    let redone = |task: &TaskRecord| task.state != TaskState::Succeeded;
    match lost_inputs(store, record.id, &definition.spec, redone)?.pop() {
        Some(lost) => Err(lost.refusal()),
        None => Ok(()),
    }
}
