//! What is done to a run that is named by its whole id, as programs name it.

use coracle_control::ControlError;
use coracle_model::{EventCursor, RunId, RunState, StorageState};
use coracle_store::Store;

use crate::error::AppError;
use crate::events::Reader;
use crate::exact::exact;
use crate::workbench::Workbench;

impl Workbench {
    /// Puts a run aside.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn archive_run(&self, id: String) -> Result<(), AppError> {
        self.ask_store(move |store| {
            Ok(store.store_run(existing(store, &id)?, StorageState::Archived)?)
        })
        .await
    }

    /// Brings a run back.
    ///
    /// # Errors
    /// When there is none of this id, and when its experiment is put aside or gone.
    pub async fn unarchive_run(&self, id: String) -> Result<(), AppError> {
        self.ask_store(move |store| {
            let run = existing(store, &id)?;
            let experiment = store
                .run_entry(run)?
                .and_then(|entry| entry.origin.experiment);
            if let Some(id) = experiment {
                let found = store
                    .experiment(id)?
                    .ok_or_else(|| AppError::not_found("experiment", &id.to_string()))?;
                if found.storage == StorageState::Archived {
                    let experiment = found.id;
                    return Err(AppError::ExperimentArchived { run, experiment });
                }
            }
            Ok(store.store_run(run, StorageState::Available)?)
        })
        .await
    }

    /// Stops a run; returns once that is on its way.
    ///
    /// # Errors
    /// When there is none of this id, it is over or being stopped already, or nobody works on runs here.
    pub async fn terminate_run(&self, id: String) -> Result<(), AppError> {
        let run = self.open_run(id, "terminated").await?;
        Ok(self.working().await?.control.cancel(run).await?)
    }

    /// Begins a failed run again where it failed; what succeeded stands.
    ///
    /// # Errors
    /// When there is none of this id, it has not failed, or nobody works on runs here.
    pub async fn retry_run(&self, id: String) -> Result<(), AppError> {
        let run = self.ask_store(move |store| existing(store, &id)).await?;
        Ok(self.working().await?.control.retry(run).await?)
    }

    /// Forgets a run with its files; one that is still open is stopped first.
    ///
    /// # Errors
    /// When there is none of this id, and when it cannot be stopped.
    pub async fn delete_run(&self, id: String) -> Result<(), AppError> {
        let run = self.ask_store(move |store| existing(store, &id)).await?;
        if self.is_open(run).await? {
            match self.working().await?.control.cancel(run).await {
                // It ended meanwhile.
                Ok(()) | Err(ControlError::WrongState { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            self.ended(run).await?;
        }
        self.remove_run(run.to_string()).await?;
        Ok(())
    }

    /// Waits until a run is over.
    async fn ended(&self, run: RunId) -> Result<(), AppError> {
        let mut events = Reader::new(self.clone(), Some(run), EventCursor::default());
        while self.is_open(run).await? {
            // The events of an open run end only with the workbench.
            events.next().await?.ok_or_else(AppError::stopping)?;
        }
        Ok(())
    }

    async fn is_open(&self, run: RunId) -> Result<bool, AppError> {
        let entry = self
            .ask_store(move |store| Ok(store.run_entry(run)?))
            .await?;
        Ok(entry.is_some_and(|entry| !entry.state.is_final()))
    }

    async fn open_run(&self, id: String, action: &'static str) -> Result<RunId, AppError> {
        self.ask_store(move |store| {
            let run = existing(store, &id)?;
            let state = store
                .run_entry(run)?
                .map_or(RunState::Failed, |entry| entry.state);
            match state {
                RunState::Pending | RunState::Running => Ok(run),
                RunState::Canceling | RunState::Succeeded | RunState::Failed => {
                    let hint = "`coracle get` shows where it stands";
                    Err(AppError::WrongState {
                        run,
                        state,
                        action,
                        hint,
                    })
                }
            }
        })
        .await
    }
}

fn existing(store: &Store, id: &str) -> Result<RunId, AppError> {
    let run = exact("run", id)?;
    match store.run_entry(run)? {
        Some(_) => Ok(run),
        None => Err(AppError::no_run(id)),
    }
}
