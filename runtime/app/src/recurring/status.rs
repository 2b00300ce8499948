//! Where a recurring run stands: when it is due next, and what it waits for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use coracle_model::{RecurringRun, RecurringRunId};
use coracle_plan::{Due, due};
use tokio::sync::Notify;

use crate::error::AppError;
use crate::view::RecurringStatus;
use crate::workbench::Workbench;

/// What the schedule and those who ask about it share.
#[derive(Default)]
pub(crate) struct Standing {
    changed: Notify,
    problems: Mutex<HashMap<RecurringRunId, String>>,
}

impl Standing {
    /// Says that recurring runs were changed.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Returns when recurring runs were changed since the last time. Cancel-safe.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Keeps why a run could not be begun; true when that is news.
    pub(super) fn note(&self, run: RecurringRunId, problem: Option<String>) -> bool {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        match problem {
            Some(problem) => problems.insert(run, problem.clone()) != Some(problem),
            None => problems.remove(&run).is_some(),
        }
    }

    fn problem(&self, run: RecurringRunId) -> Option<String> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.get(&run).cloned()
    }
}

impl Workbench {
    /// Where a recurring run stands.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn recurring_status(&self, id: String) -> Result<RecurringStatus, AppError> {
        let run = self.recurring_run(id).await?.run;
        let now = self.inner.clock.now();
        let due = due(&run, now);
        let problem = self.inner.schedule.problem(run.id);
        self.ask_store(move |store| {
            let open_runs = store.open_runs_of(run.id)?;
            Ok(RecurringStatus {
                waits_for: waits_for(&run, due, open_runs, problem),
                recurring_run_id: run.id,
                enabled: run.enabled,
                next_at: next_at(due),
                last_slot: run.progress.last_slot,
                begun: run.progress.begun,
                open_runs,
            })
        })
        .await
    }
}

fn next_at(due: Due) -> Option<coracle_model::Timestamp> {
    match due {
        Due::Never => None,
        Due::At(slot) | Due::Now { slot, .. } => Some(slot),
    }
}

fn waits_for(
    run: &RecurringRun,
    due: Due,
    open_runs: u32,
    problem: Option<String>,
) -> Option<String> {
    match due {
        _ if !run.enabled => Some("it is switched off".to_owned()),
        Due::Never => Some("its last slot is over".to_owned()),
        Due::At(_) => None,
        Due::Now { .. } if open_runs >= run.max_concurrency => Some(format!(
            "{open_runs} of its runs are open, and it may have {} at once",
            run.max_concurrency
        )),
        Due::Now { .. } => problem,
    }
}
