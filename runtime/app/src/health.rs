//! Whether the workbench answers, and how far it is.

use coracle_model::RunState;
use coracle_store::{RunFilter, Store};

use crate::error::AppError;
use crate::stage::Stage;
use crate::view::Health;
use crate::workbench::Workbench;

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Workbench {
    /// The process, the engine, and the runs that are open.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn health(&self) -> Result<Health, AppError> {
        let (open_runs, last_event) = self
            .ask_store(|store| Ok((open_runs(store)?, store.last_cursor()?)))
            .await?;
        let stage = self.inner.stage.borrow().clone();
        let (engine, engine_summary) = match stage {
            Stage::Reading => (None, "nothing works on runs".to_owned()),
            Stage::Starting => (None, "looking for an engine".to_owned()),
            Stage::NoEngine(error) => (None, error.to_string()),
            Stage::Failed(error) => (None, error.to_string()),
            Stage::Working(working) => {
                let chosen = &working.chosen;
                (
                    Some(chosen.description.kind),
                    format!("{}: {}", chosen.description.summary, chosen.reason),
                )
            }
        };
        Ok(Health {
            version: VERSION.to_owned(),
            pid: std::process::id(),
            engine,
            engine_summary,
            gpus: self.inner.gpus.borrow().clone(),
            notebook_idle_seconds: self
                .inner
                .config
                .culling
                .map(|culling| culling.idle.as_secs()),
            open_runs,
            last_event,
        })
    }
}

/// Counted by their states alone, which is quick however much is stored.
fn open_runs(store: &Store) -> Result<u64, AppError> {
    let states = vec![RunState::Pending, RunState::Running, RunState::Canceling];
    let open = store.runs(&RunFilter {
        states,
        limit: usize::MAX,
        ..RunFilter::default()
    })?;
    Ok(open.len() as u64)
}
