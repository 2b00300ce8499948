//! The whole way of a run that ended on a cluster: found, read, its artifacts fetched, and recorded here at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coracle_cluster::kfp::KfpServer;
use coracle_model::{
    ArtifactId, ArtifactUri, EngineKind, RemoteState, RunId, RunOrigin, RunState, TaskRecord,
    TaskState, Timestamp,
};
use coracle_store::gc::{remove_place, tree_size};
use coracle_store::{Change, Direction, Home, Store, StoreError};
use fs_err as fs;

use super::convert::{Converted, Here, Made, convert};
use super::fetch::{Fetched, from_kfp};
use super::find::{Found, Server};
use super::settle::settle;
use super::volume::Volume;
use crate::error::{AppError, with_causes};
use crate::pipelines::read_definition;
use crate::runs::{checked_root, lost_inputs};
use crate::view::{ImportRun, ImportedArtifact, ImportedRun, LostInput};
use crate::workbench::{Workbench, off_runtime};

/// What came of each artifact that is kept here, by its URI.
type Came = BTreeMap<ArtifactUri, Fetched>;

impl Workbench {
    /// Brings a run that ended on a cluster here, with the artifacts that its steps made. One that is here already stays as it is.
    ///
    /// # Errors
    /// A run that is not there, has not ended, or is none of a pipeline; what the server said; bytes that are here and others; a disk
    /// that is full; nobody who works on runs here. The same call can be made again after any of them.
    pub async fn import_remote_run(&self, request: ImportRun) -> Result<ImportedRun, AppError> {
        let engine = self.working().await?.chosen.description.kind;
        // One after another: what others left among the arrivals is of no use to anyone then.
        let _alone = self.inner.arrivals.lock().await;
        let mut found = self.find_there(&request).await?;
        let id = found.run.id;
        if let Some(known) = self.ask_store(move |store| Ok(store.run(id)?)).await? {
            return Ok(ImportedRun {
                run_id: id,
                display_name: known.request.display_name,
                state: known.state,
                place: found.place.to_string(),
                known: true,
                bytes: 0,
                artifacts: Vec::new(),
                lost_inputs: Vec::new(),
                not_told: Vec::new(),
            });
        }
        unless_open(&found)?;
        let arrivals = self.home().arrivals();
        clear(arrivals.clone(), AfterClearing::Make).await?;
        // Whoever went away may still be writing into that of an import before this one.
        let folder = arrivals.join(RunId::random().to_string());
        clear(folder.clone(), AfterClearing::Make).await?;
        let imported = self.bring(&mut found, &request, engine, &folder).await;
        if let Err(left) = clear(arrivals, AfterClearing::Leave).await {
            tracing::warn!(%left, "what an import left is removed by the next one");
        }
        imported
    }

    /// Fetches a run into a folder, and keeps it.
    async fn bring(
        &self,
        found: &mut Found,
        request: &ImportRun,
        engine: EngineKind,
        folder: &Path,
    ) -> Result<ImportedRun, AppError> {
        let (converted, came) = match self.source(found, request).await? {
            Source::Kfp(server) => {
                let converted = self.converted(found, engine).await?;
                let came = self.read_kfp(&server, &converted, folder).await?;
                (converted, came)
            }
            Source::Volume(volume) => {
                let read = self.read_volume(&volume, found, engine, folder).await;
                volume.close().await;
                read?
            }
        };
        let (home, now) = (self.home().clone(), self.inner.clock.now());
        let place = found.place.to_string();
        self.ask_store(move |store| keep(store, &home, &converted, &came, &place, now))
            .await
    }

    /// The records of a run.
    async fn converted(&self, found: &Found, engine: EngineKind) -> Result<Converted, AppError> {
        let now = self.inner.clock.now();
        let (run, place) = (found.run.clone(), found.place.to_string());
        let definition = found.definition.clone();
        self.ask_store(move |store| {
            let origin = RunOrigin {
                experiment: Some(store.default_experiment(now)?),
                ..RunOrigin::default()
            };
            let here = Here {
                place: &place,
                definition,
                engine,
                pipeline_root: run.pipeline_root.clone().map(checked_root).transpose()?,
                origin,
                now,
            };
            convert(&run, here, || store.next_artifact_id()).map_err(|error| {
                AppError::request(
                    format!("the run cannot be brought here: {}", with_causes(&error)),
                    "a run of the pipeline here has to be made anew: `coracle run`",
                )
            })
        })
        .await
    }

    /// Who gives the artifacts of a run.
    async fn source(&self, found: &Found, request: &ImportRun) -> Result<Source, AppError> {
        let (workflow, connection) = match &found.server {
            Server::Kfp(server) => return Ok(Source::Kfp(server.clone())),
            Server::Argo(workflow, connection) => (workflow, connection.clone()),
        };
        // A pod is made there to read the volume.
        self.confirmed(&connection.context, request.confirm.as_deref())?;
        let image = request.step_image.as_deref();
        Ok(Source::Volume(
            Volume::open(workflow, connection, image).await?,
        ))
    }

    /// Fetches the artifacts that are kept here, each once.
    async fn read_kfp(
        &self,
        server: &KfpServer,
        converted: &Converted,
        folder: &Path,
    ) -> Result<Came, AppError> {
        let mut came = Came::new();
        for made in self.kept(converted) {
            if !came.contains_key(&made.artifact.uri) {
                let into = folder.join(came.len().to_string());
                let fetched = from_kfp(server, converted.record.id, made, into).await?;
                came.insert(made.artifact.uri.clone(), but_metrics(fetched, made));
            }
        }
        Ok(came)
    }

    /// Reads what the workflow does not tell, and fetches the artifacts that are kept here.
    async fn read_volume(
        &self,
        volume: &Volume,
        found: &mut Found,
        engine: EngineKind,
        folder: &Path,
    ) -> Result<(Converted, Came), AppError> {
        volume.complete(&mut found.run, folder).await?;
        let converted = self.converted(found, engine).await?;
        let (home, run) = (self.home(), found.run.id);
        let uris = self.kept(&converted).map(|made| &made.artifact.uri);
        let gone = volume.fetch(home, run, uris, folder).await?;
        let mut came = Came::new();
        for made in self.kept(&converted) {
            let uri = &made.artifact.uri;
            let fetched = volume.fetched(home, run, uri, (folder, &gone));
            came.insert(uri.clone(), but_metrics(fetched, made));
        }
        Ok((converted, came))
    }

    /// The artifacts that are kept here. What lies elsewhere than in a store of a cluster is read from there here, too.
    fn kept<'a>(&self, converted: &'a Converted) -> impl Iterator<Item = &'a Made> + use<'a> {
        let home = self.home().clone();
        let made = converted.made.iter();
        made.filter(move |made| home.artifact_path(&made.artifact.uri).is_some())
    }
}

/// Who gives the artifacts of a run.
enum Source {
    Kfp(KfpServer),
    Volume(Volume),
}

/// What metrics say stands in their record; they have no file by themselves.
fn but_metrics(fetched: Fetched, made: &Made) -> Fetched {
    match fetched {
        Fetched::Missing(_) if made.artifact.artifact_type.is_metrics() => Fetched::Empty,
        fetched => fetched,
    }
}

/// # Errors
/// A run that has not ended.
fn unless_open(found: &Found) -> Result<(), AppError> {
    let (run, place) = (&found.run, &found.place);
    match run.state {
        RemoteState::Succeeded | RemoteState::Failed | RemoteState::Canceled => Ok(()),
        RemoteState::Skipped
        | RemoteState::RuntimeStateUnspecified
        | RemoteState::Pending
        | RemoteState::Running
        | RemoteState::Canceling
        | RemoteState::Paused => Err(AppError::request(
            format!(
                "the run `{}` is {} on {place}, and is brought here once it has ended",
                run.name,
                run.state.as_str()
            ),
            "wait for its end, or stop it there",
        )),
    }
}

/// What is done once nothing is left over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterClearing {
    Make,
    Leave,
}

async fn clear(folder: PathBuf, after: AfterClearing) -> Result<(), AppError> {
    off_runtime(move || {
        if fs::symlink_metadata(&folder).is_ok() {
            remove_place(&folder)?;
        }
        if after == AfterClearing::Make {
            let made = fs::create_dir_all(&folder);
            made.map_err(|error| StoreError::disk("make", &folder, error))?;
        }
        Ok(())
    })
    .await
}

/// Puts the artifacts in their places, and then records all at once.
fn keep(
    store: &Store,
    home: &Home,
    converted: &Converted,
    came: &Came,
    place: &str,
    now: Timestamp,
) -> Result<ImportedRun, AppError> {
    let run = &converted.record;
    let mut sizes = BTreeMap::new();
    for (uri, fetched) in came {
        if let Fetched::Here(path) = fetched {
            let size = tree_size(path).map_err(|error| StoreError::disk("measure", path, error))?;
            sizes.insert(uri.clone(), size);
            settle(home, run.id, uri, path)?;
        }
    }
    let is_missing = |uri: &ArtifactUri| matches!(came.get(uri), Some(Fetched::Missing(_)));
    let missing: Vec<ArtifactId> = converted
        .made
        .iter()
        .filter(|made| is_missing(&made.artifact.uri))
        .filter_map(|made| made.artifact.id)
        .collect();
    store.bring_run(run, &changes(converted, place), &missing, now)?;
    let (definition, _) = read_definition(run.request.definition.as_bytes(), "pipeline.yaml")?;
    let lost = match run.state {
        RunState::Failed => {
            let redone = |task: &TaskRecord| task.state != TaskState::Succeeded;
            lost_inputs(store, run.id, &definition.spec, redone)?
        }
        RunState::Pending | RunState::Running | RunState::Canceling | RunState::Succeeded => {
            Vec::new()
        }
    };
    let artifacts = converted.made.iter().map(|made| ImportedArtifact {
        step: made.step.clone(),
        name: made.key.clone(),
        uri: made.artifact.uri.clone(),
        bytes: sizes.get(&made.artifact.uri).copied(),
        missing: match came.get(&made.artifact.uri) {
            Some(Fetched::Missing(why)) => Some(why.clone()),
            Some(Fetched::Here(_) | Fetched::Empty) | None => None,
        },
    });
    Ok(ImportedRun {
        run_id: run.id,
        display_name: run.request.display_name.clone(),
        state: run.state,
        place: place.to_owned(),
        known: false,
        bytes: sizes.values().sum(),
        artifacts: artifacts.collect(),
        lost_inputs: lost
            .into_iter()
            .map(|lost| LostInput {
                step: lost.step,
                artifact: lost.artifact,
                made_by: lost.made_by,
            })
            .collect(),
        not_told: converted.untold.clone(),
    })
}

/// What is recorded of a run, as if it had been carried out here.
fn changes(converted: &Converted, place: &str) -> Vec<Change> {
    let run = converted.record.id;
    let mut changes = Vec::new();
    for task in &converted.tasks {
        if task.kind.makes_artifacts() {
            let ways = [
                (&task.inputs, Direction::Read),
                (&task.outputs, Direction::Produced),
            ];
            for (values, direction) in ways {
                changes.extend(links(run, task, values, direction));
            }
        }
        changes.push(Change::Task(Box::new(task.clone())));
    }
    let brought = converted.record.request.origin.brought.as_ref();
    changes.extend(brought.map(|from| Change::Notice {
        run,
        path: None,
        message: format!(
            "it ran on {place} as `{}`, where it ended as {}, and was brought here",
            from.name,
            from.state.as_str()
        ),
    }));
    changes
}

fn links(
    run: RunId,
    task: &TaskRecord,
    values: &coracle_model::Outputs,
    direction: Direction,
) -> Vec<Change> {
    let several = values.artifacts.iter();
    several
        .flat_map(|(key, artifacts)| artifacts.iter().map(move |artifact| (key, artifact)))
        .filter(|(_, artifact)| artifact.id.is_some())
        .map(|(key, artifact)| Change::Artifact {
            artifact: Box::new(artifact.clone()),
            run,
            path: task.path.clone(),
            key: key.clone(),
            direction,
        })
        .collect()
}
