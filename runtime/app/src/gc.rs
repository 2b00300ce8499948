//! What can be freed, and freeing it: old runs, what removed runs left, prepared environments.

use std::path::PathBuf;

use coracle_host::EnvironmentLayer;
use coracle_model::{ArtifactUri, RunId, Timestamp};
use coracle_store::gc::{self, Garbage, GarbageKind};
use coracle_store::{ArtifactFilter, Home, RunFilter, RunSummary, Store};

use crate::disk::size_of;
use crate::error::{AppError, with_causes};
use crate::view::{GcFreed, GcItem, GcItemKind, GcPlan, GcRequest, KeptArtifact, RemovedRun};
use crate::workbench::Workbench;

/// How many runs are looked at at once.
const PAGE: usize = 500;

impl Workbench {
    /// What a collection would free.
    ///
    /// # Errors
    /// When the database or a directory cannot be read, and, where environments are asked for, when no engine
    /// answers.
    pub async fn gc_plan(&self, request: GcRequest) -> Result<GcPlan, AppError> {
        let home = self.home().clone();
        let before = request.runs_before;
        let mut items = self
            .ask_store(move |store| {
                let mut items = old_runs(store, &home, before)?;
                items.extend(gc::plan(store, &home)?.garbage.into_iter().map(of_garbage));
                Ok(items)
            })
            .await?;
        if request.environments {
            items.extend(
                self.chosen()
                    .await?
                    .engine
                    .environments()
                    .await?
                    .iter()
                    .map(of_environment),
            );
        }
        Ok(GcPlan {
            bytes: items.iter().map(|item| item.bytes).sum(),
            items,
        })
    }

    /// Frees what [`Workbench::gc_plan`] names, and goes on when something cannot be removed.
    ///
    /// # Errors
    /// As for the plan, and when the database cannot be written.
    pub async fn gc(&self, request: GcRequest) -> Result<GcFreed, AppError> {
        let home = self.home().clone();
        let before = request.runs_before;
        let mut freed = self
            .ask_store(move |store| free(store, &home, before))
            .await?;
        if request.environments {
            self.free_environments(&mut freed).await?;
        }
        freed.bytes = freed.items.iter().map(|item| item.bytes).sum();
        Ok(freed)
    }

    async fn free_environments(&self, freed: &mut GcFreed) -> Result<(), AppError> {
        let engine = self.chosen().await?.engine;
        for layer in engine.environments().await? {
            match engine.remove_environment(&layer.key).await {
                Ok(()) => freed.items.push(of_environment(&layer)),
                Err(error) => freed.failures.push(error.to_string()),
            }
        }
        Ok(())
    }
}

/// Removes old runs from the database, and then the files of all runs that are gone.
fn free(store: &Store, home: &Home, before: Option<Timestamp>) -> Result<GcFreed, AppError> {
    for item in old_runs(store, home, before)? {
        if let Some(run) = item.run_id {
            store.delete_run(run)?;
        }
    }
    let plan = gc::plan(store, home)?;
    let planned: Vec<GcItem> = plan.garbage.iter().cloned().map(of_garbage).collect();
    let failures = gc::carry_out(store, &plan)?.failures;
    // What could not be removed is still there.
    let items = planned
        .into_iter()
        .filter(|item| item.path.as_ref().is_none_or(|path| !path.exists()))
        .collect();
    Ok(GcFreed {
        items,
        bytes: 0,
        failures: failures.iter().map(|error| with_causes(error)).collect(),
    })
}

/// Removes one run that has ended from the database, and at once the files that only it used.
pub(crate) fn forget(store: &Store, home: &Home, run: RunId) -> Result<RemovedRun, AppError> {
    let removed = store.delete_run(run)?;
    let freed = gc::carry_out(store, &gc::plan_run(store, home, &removed)?)?;
    let kept = removed.shared.into_iter().map(|shared| KeptArtifact {
        size_bytes: home
            .artifact_path(&shared.uri)
            .and_then(|path| size_of(&path).ok().flatten()),
        id: shared.id,
        name: shared.name,
        uri: shared.uri,
        used_by: shared.used_by,
    });
    Ok(RemovedRun {
        run_id: run,
        freed_bytes: freed.bytes,
        kept: kept.collect(),
        failures: freed
            .failures
            .iter()
            .map(|error| with_causes(error))
            .collect(),
    })
}

fn old_runs(
    store: &Store,
    home: &Home,
    before: Option<Timestamp>,
) -> Result<Vec<GcItem>, AppError> {
    let Some(before) = before else {
        return Ok(Vec::new());
    };
    let mut items = Vec::new();
    let mut filter = RunFilter {
        finished_before: Some(before),
        limit: PAGE,
        ..RunFilter::default()
    };
    loop {
        let page = store.runs(&filter)?;
        filter.before = page.last().map(|run| run.id);
        let last = page.len() < PAGE;
        for run in page {
            items.push(of_run(store, home, run)?);
        }
        if last {
            return Ok(items);
        }
    }
}

/// A run with what goes with it: its folder, and artifacts that lie in a directory of its own.
fn of_run(store: &Store, home: &Home, run: RunSummary) -> Result<GcItem, AppError> {
    let folder = size(&home.run_dir(run.id));
    let filter = ArtifactFilter {
        run: Some(run.id),
        limit: usize::MAX,
        ..ArtifactFilter::default()
    };
    let own = store
        .artifacts(&filter)?
        .into_iter()
        .filter_map(|stored| own_place(home, &stored.artifact.uri, run.id));
    let artifacts: u64 = own.map(|path| size(&path)).sum();
    Ok(GcItem {
        kind: GcItemKind::Run,
        name: run.display_name,
        run_id: Some(run.id),
        path: None,
        bytes: folder + artifacts,
    })
}

/// Where an artifact lies, when that is below a directory that bears the run's id.
fn own_place(home: &Home, uri: &ArtifactUri, run: RunId) -> Option<PathBuf> {
    let id = run.to_string();
    uri.as_str()
        .split('/')
        .any(|segment| segment == id)
        .then(|| home.artifact_path(uri))?
}

fn size(path: &std::path::Path) -> u64 {
    // A directory that cannot be read is measured as nothing; removing it will say why.
    size_of(path).ok().flatten().unwrap_or_default()
}

fn of_garbage(garbage: Garbage) -> GcItem {
    let (kind, name) = match garbage.kind {
        GarbageKind::Artifacts => (GcItemKind::Artifacts, "artifacts"),
        GarbageKind::Attempts => (GcItemKind::Logs, "logs and folders"),
    };
    GcItem {
        kind,
        name: format!("{name} of the removed run {}", garbage.run),
        run_id: Some(garbage.run),
        path: Some(garbage.path),
        bytes: garbage.bytes,
    }
}

fn of_environment(layer: &EnvironmentLayer) -> GcItem {
    GcItem {
        kind: GcItemKind::Environment,
        name: format!("{} with `{}`", layer.base, layer.install),
        run_id: None,
        path: None,
        bytes: layer.size_bytes,
    }
}
