//! The schedule: begins the runs of slots that are due, and waits for the next.
//!
//! What is due is asked anew each time, of the wall clock and of what is stored, so nothing goes wrong when the clock
//! is set, the machine sleeps or the workbench is killed in between.

use std::sync::Arc;
use std::time::Duration;

use coracle_model::{RecurringRun, RunId, Timestamp};
use coracle_plan::{Due, due};

use super::begin::{Slot, begin};
use crate::error::{AppError, with_causes};
use crate::stage::Working;
use crate::workbench::Workbench;

/// The longest wait. The clock that waits stands still while the machine sleeps, and the other one can be set.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What the schedule waits for when nothing more is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// The end of a run that stands in the way of a slot.
    Room,
    /// The time of a slot.
    Slot(Duration),
    /// A change: nothing is switched on that has slots left.
    Change,
}

/// Begins runs as they are due, until the workbench shuts down.
pub(crate) async fn keep_schedule(workbench: Workbench, working: Arc<Working>) {
    let mut events = working.control.events();
    let inner = Arc::clone(&workbench.inner);
    loop {
        events.mark_unchanged();
        // Time that passes while we look is waited no second time.
        let looked = inner.clock.steady();
        let next = match begin_due(&workbench, &working).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(error = with_causes(&error), "looking for what is due");
                Next::Slot(LONGEST_WAIT)
            }
        };
        let sleep = |wait| inner.clock.sleep_until(looked.after(wait));
        // All are cancel-safe: what was missed is seen by the next look.
        match next {
            Next::Change => inner.schedule.changed().await,
            Next::Slot(wait) => tokio::select! {
                () = inner.schedule.changed() => {}
                () = sleep(wait) => {}
            },
            Next::Room => tokio::select! {
                () = inner.schedule.changed() => {}
                () = sleep(LONGEST_WAIT) => {}
                Ok(()) = events.changed() => {}
            },
        }
    }
}

/// Begins all that is due now.
async fn begin_due(workbench: &Workbench, working: &Working) -> Result<Next, AppError> {
    let runs = workbench
        .ask_store(|store| Ok(store.enabled_recurring_runs()?))
        .await?;
    let mut next = Next::Change;
    for run in runs {
        next = next.min(begin_slots(workbench, working, run).await?);
    }
    Ok(next)
}

/// Begins the slots of a recurring run that are due, as many as it may have open at once.
async fn begin_slots(
    workbench: &Workbench,
    working: &Working,
    mut run: RecurringRun,
) -> Result<Next, AppError> {
    loop {
        let now = workbench.inner.clock.now();
        let slot = match due(&run, now) {
            Due::Never => return Ok(Next::Change),
            Due::At(slot) => return Ok(Next::Slot(until(slot, now))),
            Due::Now {
                slot,
                passed_over_from,
            } => Slot {
                at: slot,
                passed_over_from,
            },
        };
        let Some(begun) = begin_slot(workbench, working, &run, slot, now).await? else {
            return Ok(Next::Room);
        };
        working.control.wake(begun);
        run.progress.last_slot = Some(slot.at);
        run.progress.begun += 1;
    }
}

/// Begins a slot; none when that is not to be now.
async fn begin_slot(
    workbench: &Workbench,
    working: &Working,
    run: &RecurringRun,
    slot: Slot,
    now: Timestamp,
) -> Result<Option<RunId>, AppError> {
    let engine = working.chosen.description.kind;
    let (id, recurring) = (run.id, run.clone());
    let begun = workbench
        .ask_store(move |store| {
            if store.open_runs_of(id)? >= recurring.max_concurrency {
                return Ok(None);
            }
            begin(store, &recurring, slot, engine, now).map(Some)
        })
        .await;
    let standing = &workbench.inner.schedule;
    match begun {
        Ok(begun) => {
            standing.note(id, None);
            Ok(begun)
        }
        // It may be as it has to be next time; the others go on.
        Err(error) => {
            let problem = with_causes(&error);
            if standing.note(id, Some(problem.clone())) {
                tracing::warn!(
                    "recurring run `{}` cannot begin a run: {problem}",
                    run.display_name
                );
            }
            Ok(None)
        }
    }
}

fn until(slot: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(slot.duration_since(now))
        .unwrap_or_default()
        .min(LONGEST_WAIT)
}
