//! Why a step ran, or did not have to.

use coracle_model::{RunRecord, TaskKind, TaskRecord, TaskState};
use coracle_store::{CacheKeyRow, Store};

use super::find::{find_task, read_run};
use super::why_key::changes;
use crate::error::AppError;
use crate::view::{Verdict, Why};
use crate::workbench::Workbench;

impl Workbench {
    /// Why a step of a run ran, or was taken from an earlier one.
    ///
    /// # Errors
    /// When there is no such run or step.
    pub async fn why(&self, name: String, step: String) -> Result<Why, AppError> {
        self.ask_store(move |store| why(store, &name, &step)).await
    }
}

fn why(store: &Store, name: &str, step: &str) -> Result<Why, AppError> {
    let run = read_run(store, name)?;
    let tasks = store.tasks(run.id)?;
    let path = find_task(run.id, tasks.iter().map(|task| &task.path), step)?;
    let task = store
        .task(run.id, &path)?
        .ok_or_else(|| AppError::no_run(name))?;
    let verdict = verdict(store, &run, &task)?;
    Ok(Why {
        run_id: run.id,
        task: path,
        state: task.state,
        message: sentence(&verdict),
        verdict,
    })
}

fn verdict(store: &Store, run: &RunRecord, task: &TaskRecord) -> Result<Verdict, AppError> {
    if let Some(reason) = not_cacheable_kind(task)? {
        return Ok(Verdict::NotCacheable {
            reason: reason.to_owned(),
        });
    }
    if let Some(reason) = not_run(task) {
        return Ok(Verdict::NotRun { reason });
    }
    let key = store.cache_key(run.id, &task.path)?;
    match (key, task.cached, &run.request.rerun) {
        (None, true, Some((old, _))) => Ok(Verdict::TakenOver { from: *old }),
        (_, true, _) => {
            let hit = task
                .fingerprint
                .as_ref()
                .map(|fingerprint| store.cache_lookup(&run.pipeline, fingerprint));
            Ok(Verdict::Cached {
                from: hit.transpose()?.flatten().map(|hit| hit.run),
            })
        }
        (None, false, _) => Ok(Verdict::NotCacheable {
            reason: why_not_cacheable(run),
        }),
        (Some(key), false, _) => compare(store, run, task, &key),
    }
}

/// Tasks that run nothing whose results could be kept.
fn not_cacheable_kind(task: &TaskRecord) -> Result<Option<&'static str>, AppError> {
    let not_a_step = |kind| {
        Err(AppError::NotAStep {
            task: task.path.clone(),
            kind,
        })
    };
    match task.kind {
        TaskKind::Container => Ok(None),
        TaskKind::Importer => Ok(Some(
            "an importer runs nothing; it records its artifact anew each time",
        )),
        TaskKind::CreateVolume | TaskKind::DeleteVolume => {
            Ok(Some("making and removing volumes is done each time"))
        }
        TaskKind::Dag => not_a_step("a nested pipeline or a condition"),
        TaskKind::Loop => not_a_step("a loop"),
        TaskKind::Iteration => not_a_step("an iteration of a loop"),
    }
}

fn not_run(task: &TaskRecord) -> Option<String> {
    let told = task.reason.as_ref().map(|reason| reason.message.clone());
    let began = task.started_at.is_some();
    match task.state {
        TaskState::Pending => Some(told.unwrap_or_else(|| "it has not begun yet".to_owned())),
        TaskState::Skipped => Some(told.unwrap_or_else(|| "it was skipped".to_owned())),
        TaskState::Canceled if !began => {
            Some(told.unwrap_or_else(|| "the run ended before it began".to_owned()))
        }
        TaskState::Failed if !began => {
            Some(told.unwrap_or_else(|| "it failed before it began".to_owned()))
        }
        TaskState::Running | TaskState::Succeeded | TaskState::Failed | TaskState::Canceled => None,
    }
}

fn why_not_cacheable(run: &RunRecord) -> String {
    let reason = if run.request.cache {
        "the pipeline turns the cache off for this step"
    } else {
        "the cache is off for this run (`--no-cache`)"
    };
    reason.to_owned()
}

fn compare(
    store: &Store,
    run: &RunRecord,
    task: &TaskRecord,
    key: &CacheKeyRow,
) -> Result<Verdict, AppError> {
    let Some(before) = store.cache_key_before(&run.pipeline, &task.path, run.id)? else {
        return Ok(Verdict::FirstTime);
    };
    if before.fingerprint != key.fingerprint {
        let changes = changes(&before.document, &key.document);
        return Ok(Verdict::Changed {
            before: before.run,
            changes,
        });
    }
    let earlier = store.task(before.run, &task.path)?;
    let reason = match earlier.map(|earlier| earlier.state) {
        Some(TaskState::Succeeded) => {
            "its earlier results are no longer there, or were not there yet when it began"
        }
        Some(TaskState::Failed) => {
            "it failed then, and only results of steps that succeeded are kept"
        }
        Some(TaskState::Pending | TaskState::Running) => "it had not ended then",
        Some(TaskState::Canceled) => "it was stopped then",
        Some(TaskState::Skipped) | None => "it has no results there",
    };
    Ok(Verdict::Unchanged {
        before: before.run,
        reason: reason.to_owned(),
    })
}

fn sentence(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Cached { from: Some(run) } => {
            format!("its results were taken from the cache; run `{run}` made them")
        }
        Verdict::Cached { from: None } => {
            "its results were taken from the cache; the run that made them was removed".to_owned()
        }
        Verdict::TakenOver { from } => format!("its results were taken over from run `{from}`"),
        Verdict::Changed { before, changes } => {
            let parts: Vec<&str> = changes.iter().map(|change| change.part.as_str()).collect();
            format!(
                "it ran since these are not as in run `{before}`: {}",
                parts.join(", ")
            )
        }
        Verdict::Unchanged { before, reason } => {
            format!("it is made of the same as in run `{before}` and ran again: {reason}")
        }
        Verdict::FirstTime => {
            "it ran since no earlier run of this pipeline has this step".to_owned()
        }
        Verdict::NotCacheable { reason } => {
            format!("it ran since its results are not kept for reuse: {reason}")
        }
        Verdict::NotRun { reason } => format!("it did not run: {reason}"),
    }
}
