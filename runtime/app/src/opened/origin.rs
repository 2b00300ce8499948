//! Which attempt is meant by a step's name.

use coracle_model::{Artifact, ArtifactUri, Attempt, RunId, RunRecord, TaskKind, TaskRecord};
use coracle_plan::artifact_uri;
use coracle_store::{RunFilter, Store};

use crate::error::AppError;
use crate::runs::{find_run, find_task};

/// How many of the newest runs are looked through for a step whose run is not named.
const RUNS: usize = 50;

/// The attempt that is opened, and what was asked of it.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) run: RunRecord,
    pub(super) task: TaskRecord,
    pub(super) attempt: Attempt,
    /// The artifacts that it was given, by their input.
    pub(super) inputs: Vec<(String, Artifact)>,
    /// Below which it wrote its artifacts.
    pub(super) own: ArtifactUri,
}

/// The last attempt at a step of a run, or of the newest run that has such a step.
pub(super) fn find(store: &Store, run: Option<&str>, step: &str) -> Result<Origin, AppError> {
    if let Some(run) = run {
        return of_run(store, find_run(store, run)?, step);
    }
    let filter = RunFilter {
        limit: RUNS,
        ..RunFilter::default()
    };
    for run in store.runs(&filter)? {
        match of_run(store, run.id, step) {
            Err(AppError::NotFound { .. } | AppError::Nothing { .. }) => {}
            answer => return answer,
        }
    }
    Err(AppError::NotFound {
        what: "step",
        name: step.to_owned(),
        hint: "name its run: `coracle open STEP --run RUN`".to_owned(),
    })
}

fn of_run(store: &Store, run: RunId, step: &str) -> Result<Origin, AppError> {
    let tasks = store.tasks(run)?;
    let path = find_task(run, tasks.iter().map(|task| &task.path), step)?;
    let gone = || AppError::no_run(&run.to_string());
    let task = store.task(run, &path)?.ok_or_else(gone)?;
    if task.kind != TaskKind::Container {
        return Err(AppError::Nothing {
            message: format!("`{path}` ran no container that could be opened"),
            hint: Some(format!("`coracle get {run}` lists its steps")),
        });
    }
    let attempt = last_attempt(store, run, &task)?.ok_or_else(|| AppError::Nothing {
        message: format!("`{path}` has not run yet, so there is nothing to open"),
        hint: Some(format!("`coracle get {run}` shows where it stands")),
    })?;
    // Another run's, where this one took its results.
    let maker = store.run(attempt.run)?.ok_or_else(gone)?;
    let root = maker.request.pipeline_root.as_deref();
    let inputs = task.inputs.artifacts.iter();
    Ok(Origin {
        own: artifact_uri(root, &maker.pipeline, maker.id, &attempt.path),
        run: store.run(run)?.ok_or_else(gone)?,
        inputs: inputs
            .flat_map(|(name, artifacts)| {
                artifacts
                    .iter()
                    .map(|artifact| (name.clone(), artifact.clone()))
            })
            .collect(),
        task,
        attempt,
    })
}

/// The step's own last attempt, or that of the run whose results it took.
fn last_attempt(store: &Store, run: RunId, task: &TaskRecord) -> Result<Option<Attempt>, AppError> {
    let of = |run, path: &_| -> Result<Option<Attempt>, AppError> {
        Ok(store
            .attempts(run)?
            .into_iter()
            .rfind(|attempt| attempt.path == *path))
    };
    if let Some(attempt) = of(run, &task.path)? {
        return Ok(Some(attempt));
    }
    let (Some(fingerprint), Some(record)) = (&task.fingerprint, store.run(run)?) else {
        return Ok(None);
    };
    match store.cache_lookup(&record.pipeline, fingerprint)? {
        Some(hit) => of(hit.run, &hit.path),
        None => Ok(None),
    }
}
