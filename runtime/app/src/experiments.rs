//! Experiments: what runs are grouped by.

use coracle_model::{Experiment, ExperimentId, ListQuery, Page, StorageState};

use crate::error::AppError;
use crate::exact::exact;
use crate::workbench::Workbench;

const WHAT: &str = "experiment";

impl Workbench {
    /// Makes an experiment.
    ///
    /// # Errors
    /// When the name is taken.
    pub async fn create_experiment(
        &self,
        display_name: String,
        description: String,
    ) -> Result<Experiment, AppError> {
        let experiment = Experiment {
            id: ExperimentId::random(),
            display_name,
            description,
            created_at: self.inner.clock.now(),
            last_run_at: None,
            storage: StorageState::Available,
        };
        self.ask_store(move |store| {
            store.create_experiment(&experiment)?;
            Ok(experiment)
        })
        .await
    }

    /// An experiment.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn experiment(&self, id: String) -> Result<Experiment, AppError> {
        self.ask_store(move |store| {
            store
                .experiment(exact(WHAT, &id)?)?
                .ok_or_else(|| AppError::not_found(WHAT, &id))
        })
        .await
    }

    /// A page of experiments.
    ///
    /// # Errors
    /// A field that experiments do not have.
    pub async fn experiments(&self, query: ListQuery) -> Result<Page<Experiment>, AppError> {
        self.ask_store(move |store| Ok(store.list_experiments(&query)?))
            .await
    }

    /// Puts an experiment aside, with its runs and recurring runs, which are then switched off; or brings it back
    /// alone.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn store_experiment(
        &self,
        id: String,
        storage: StorageState,
    ) -> Result<(), AppError> {
        let now = self.inner.clock.now();
        self.ask_store(move |store| Ok(store.store_experiment(exact(WHAT, &id)?, storage, now)?))
            .await
    }

    /// Forgets an experiment; its runs stay.
    ///
    /// # Errors
    /// When there is none of this id, or it is the default one.
    pub async fn delete_experiment(&self, id: String) -> Result<(), AppError> {
        let now = self.inner.clock.now();
        self.ask_store(move |store| {
            let id = exact(WHAT, &id)?;
            if id == store.default_experiment(now)? {
                return Err(AppError::DefaultExperiment(id));
            }
            Ok(store.delete_experiment(id)?)
        })
        .await
    }
}
