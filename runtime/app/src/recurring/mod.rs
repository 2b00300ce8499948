//! Recurring runs: what is run again and again, and the schedule that begins their runs.
//!
//! ```text
//! create, enable, disable ──wake──► schedule ──due──► a run and how far it is, in one transaction
//!                                      ▲ a run ended, time passed
//! ```

mod begin;
mod create;
mod name;
mod schedule;
mod status;

use coracle_model::{ListQuery, Page, RecurringRun, RunSource};
use coracle_spec::pipeline;

use crate::error::AppError;
use crate::exact::exact;
use crate::runs::of_experiment;
use crate::workbench::Workbench;

pub use create::{NewRecurringRun, NewTrigger, Rhythm};
pub(crate) use schedule::keep_schedule;
pub(crate) use status::Standing;

const WHAT: &str = "recurring run";

/// A recurring run with its definition as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct RecurringDetail {
    /// What is remembered of it.
    pub run: RecurringRun,
    /// Its definition as JSON, unless it is that of a pipeline version.
    pub definition: Option<String>,
}

impl From<RecurringRun> for RecurringDetail {
    fn from(run: RecurringRun) -> Self {
        let definition = match &run.source {
            RunSource::Pinned {
                version: None,
                definition,
            } => pipeline::to_json(definition),
            RunSource::Pinned { .. } | RunSource::Latest(_) => None,
        };
        Self { run, definition }
    }
}

impl Workbench {
    /// A recurring run.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn recurring_run(&self, id: String) -> Result<RecurringDetail, AppError> {
        self.ask_store(move |store| {
            store
                .recurring_run(exact(WHAT, &id)?)?
                .map(Into::into)
                .ok_or_else(|| AppError::not_found(WHAT, &id))
        })
        .await
    }

    /// A page of recurring runs, of one experiment or of all.
    ///
    /// # Errors
    /// When there is no such experiment, and for a field that recurring runs do not have.
    pub async fn recurring_runs(
        &self,
        experiment: Option<String>,
        mut query: ListQuery,
    ) -> Result<Page<RecurringDetail>, AppError> {
        self.ask_store(move |store| {
            if let Some(experiment) = experiment {
                query.predicates.push(of_experiment(store, experiment)?);
            }
            let page = store.list_recurring_runs(&query)?;
            Ok(Page {
                items: page.items.into_iter().map(Into::into).collect(),
                total: page.total,
                next: page.next,
            })
        })
        .await
    }

    /// Switches a recurring run on or off. Slots that passed while it was off count as missed.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn enable_recurring_run(&self, id: String, enabled: bool) -> Result<(), AppError> {
        let now = self.inner.clock.now();
        self.ask_store(move |store| {
            Ok(store.enable_recurring_run(exact(WHAT, &id)?, enabled, now)?)
        })
        .await?;
        self.inner.schedule.wake();
        Ok(())
    }

    /// Forgets a recurring run; the runs that it began stay.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn delete_recurring_run(&self, id: String) -> Result<(), AppError> {
        self.ask_store(move |store| Ok(store.delete_recurring_run(exact(WHAT, &id)?)?))
            .await?;
        self.inner.schedule.wake();
        Ok(())
    }
}
