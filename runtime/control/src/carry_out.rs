//! One arm a step: what the loop does itself, and what it spawns. No arm decides anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use coracle_model::{Failure, GpuUuid, ImageDigest, ImageRef, RunId, TaskPath};
use coracle_plan::{CacheKey, Launch, Looked, Observation, Step};
use coracle_store::{Change, Direction};
use tokio_util::sync::CancellationToken;

use crate::attempt::{Context, begun_attempt, look_after};
use crate::batch::{Act, Batch, Message};
use crate::image;
use crate::import;
use crate::live::{Image, PendingLookUp};
use crate::run_loop::RunLoop;
use crate::supervisor::TaskKind;

impl RunLoop {
    /// Takes a step of a plan: what is quick is done at once, the rest becomes an act.
    pub(crate) fn step(
        &mut self,
        run: RunId,
        step: Step,
        batch: &mut Batch,
        touched: &mut BTreeSet<RunId>,
    ) {
        match step {
            Step::LookUp {
                task,
                image,
                pull,
                key,
                pipeline,
            } => {
                let pending = PendingLookUp {
                    task,
                    key,
                    pipeline,
                };
                self.look_up(run, &image, pull, pending, batch);
                touched.insert(run);
            }
            Step::Enqueue { task, resources } => {
                self.enqueue(run, task, &resources, batch, touched);
            }
            Step::Dequeue { task } => self
                .admission
                .dequeue(&coracle_plan::AdmissionId::Step { run, task }),
            Step::Adopt {
                task,
                attempt,
                resources,
            } => self.adopt(run, &task, attempt, &resources, batch),
            Step::Finish { state, failure, .. } => self.finished(run, state, failure, batch),
            Step::Notice { task, message } => batch.changes.push(Change::Notice {
                run,
                path: task,
                message,
            }),
            step @ (Step::Prepare(_)
            | Step::WakeAfter { .. }
            | Step::Stop { .. }
            | Step::Import(_)
            | Step::CreateVolume { .. }
            | Step::DeleteVolume { .. }) => batch.acts.push((run, Act::Step(Box::new(step)))),
        }
    }

    /// Answers from what is known of the image, or has the engine asked.
    fn look_up(
        &mut self,
        run: RunId,
        image: &ImageRef,
        pull: coracle_spec::pipeline::PullPolicy,
        pending: PendingLookUp,
        batch: &mut Batch,
    ) {
        let Some(live) = self.runs.get_mut(&run) else {
            return;
        };
        match live.images.get_mut(&image.with_tag()) {
            Some(Image::Known(digest)) => {
                let digest = digest.clone();
                self.answer_look_up(run, pending, &Ok(digest), batch);
            }
            Some(Image::Asked(waiting)) => waiting.push(pending),
            None => {
                live.images
                    .insert(image.with_tag(), Image::Asked(vec![pending]));
                let asked = image::resolve(
                    self.shared_engine(),
                    self.setting.workshop(),
                    self.outbox.clone(),
                    run,
                    image.clone(),
                    pull,
                );
                self.supervisor.spawn(TaskKind::Lookup, asked);
            }
        }
    }

    pub(crate) fn image_resolved(
        &mut self,
        run: RunId,
        image: &str,
        result: &Result<ImageDigest, Failure>,
        batch: &mut Batch,
    ) {
        let Some(live) = self.runs.get_mut(&run) else {
            return;
        };
        let known = result
            .as_ref()
            .ok()
            .map(|digest| Image::Known(digest.clone()));
        let asked = match known {
            Some(known) => live.images.insert(image.to_owned(), known),
            None => live.images.remove(image),
        };
        let Some(Image::Asked(waiting)) = asked else {
            return;
        };
        for pending in waiting {
            self.answer_look_up(run, pending, result, batch);
        }
    }

    fn answer_look_up(
        &mut self,
        run: RunId,
        pending: PendingLookUp,
        digest: &Result<ImageDigest, Failure>,
        batch: &mut Batch,
    ) {
        let PendingLookUp {
            task,
            key,
            pipeline,
        } = pending;
        let result = digest.clone().map(|digest| {
            let key = key.map(|key| key.with_digest(&digest));
            let hit = key.and_then(|key| self.cached(run, &task, &key, &pipeline, batch));
            Looked { digest, hit }
        });
        if result.as_ref().is_ok_and(|looked| looked.hit.is_none()) {
            self.open_sandbox_ahead();
        }
        let now = self.setting.clock.now();
        if let Some(plan) = self.plan_of(run) {
            plan.observe(Observation::Looked { task, result }, now);
        }
    }

    /// A step will run: a network place is opened while its environment is prepared and it waits to be let in.
    fn open_sandbox_ahead(&self) {
        if let Some(opening) = self.sandboxes.open_ahead(self.shared_engine()) {
            self.supervisor.spawn(TaskKind::Lookup, opening);
        }
    }

    fn cached(
        &self,
        run: RunId,
        task: &TaskPath,
        key: &CacheKey,
        pipeline: &coracle_model::PipelineName,
        batch: &mut Batch,
    ) -> Option<coracle_model::Outputs> {
        let fingerprint = key.fingerprint();
        batch.changes.push(Change::CacheKey {
            run,
            path: task.clone(),
            fingerprint: fingerprint.clone(),
            document: key.document(),
        });
        let hit = match self.setting.store.cache_lookup(pipeline, &fingerprint) {
            Ok(hit) => hit?,
            Err(error) => {
                tracing::warn!(%error, "the cache cannot be read; the step runs");
                return None;
            }
        };
        let gone = hit.outputs.artifacts.values().flatten().any(|artifact| {
            let place = self.setting.home.artifact_path(&artifact.uri);
            place.and_then(|place| place.parent().map(std::path::Path::exists)) == Some(false)
        });
        (!gone).then_some(hit.outputs)
    }

    /// Starts a step that was let in.
    pub(crate) fn start(
        &mut self,
        run: RunId,
        task: TaskPath,
        gpus: Vec<GpuUuid>,
        batch: &mut Batch,
    ) {
        let now = self.setting.clock.now();
        let launch = self
            .plan_of(run)
            .and_then(|plan| plan.start(&task, gpus, now));
        let Some(launch) = launch else {
            let id = coracle_plan::AdmissionId::Step { run, task };
            return self.admission.release(&id);
        };
        batch
            .changes
            .push(Change::Attempt(Box::new(begun_attempt(run, &launch, now))));
        batch.changes.extend(reads(run, &launch));
        batch.acts.push((run, Act::Launch(Box::new(launch))));
    }

    /// Takes up an attempt that was at work when the workbench ended.
    fn adopt(
        &mut self,
        run: RunId,
        task: &TaskPath,
        attempt: coracle_model::AttemptNumber,
        resources: &coracle_model::Resources,
        batch: &mut Batch,
    ) {
        let now = self.setting.clock.now();
        let Some(live) = self.runs.get_mut(&run) else {
            return;
        };
        let gpus = live
            .left
            .get(task)
            .map(|left| left.gpus.clone())
            .unwrap_or_default();
        let Some(launch) = live.plan.adopt(task, attempt, gpus.clone(), now) else {
            return;
        };
        self.admission.hold(
            coracle_plan::AdmissionId::Step {
                run,
                task: task.clone(),
            },
            resources,
            gpus,
        );
        batch.acts.push((run, Act::Launch(Box::new(launch))));
    }

    /// Carries out what is recorded.
    pub(crate) fn act(&mut self, run: RunId, act: Act) {
        match act {
            Act::Launch(launch) => self.launch(run, *launch),
            Act::Step(step) => self.spawn_step(run, *step),
            Act::Remove(names) => {
                let engine = self.shared_engine();
                self.supervisor.spawn(TaskKind::Cleanup, async move {
                    for name in names {
                        if let Err(error) = engine.remove(&name).await {
                            tracing::warn!(%error, "a workload was left behind; the next start removes it");
                        }
                    }
                });
            }
            Act::Close => drop(self.runs.remove(&run)),
            // Whoever asked may have gone.
            Act::Answer(answer, result) => drop(answer.send(result)),
        }
    }

    fn launch(&mut self, run: RunId, launch: Launch) {
        let now = self.setting.clock.now();
        let Some(live) = self.runs.get_mut(&run) else {
            return;
        };
        let stop = live
            .stops
            .entry(launch.task.clone())
            .or_insert_with(CancellationToken::new)
            .clone();
        let Some(component) = live.plan.component_of(&launch.task) else {
            return;
        };
        let attempt = live
            .left
            .remove(&launch.task)
            .unwrap_or_else(|| begun_attempt(run, &launch, now));
        let context = Context {
            setting: self.setting.clone(),
            outbox: self.outbox.clone(),
            sandboxes: Arc::clone(&self.sandboxes),
            component: component.clone(),
            attempt,
            stop,
        };
        self.supervisor
            .spawn(TaskKind::Attempt, look_after(context, launch));
    }

    fn spawn_step(&mut self, run: RunId, step: Step) {
        let outbox = self.outbox.clone();
        let home = self.setting.home.clone();
        match step {
            Step::Prepare(plan) => {
                let prepared = image::prepare(self.shared_engine(), outbox, home, run, plan);
                self.supervisor.spawn(TaskKind::Lookup, prepared);
            }
            Step::WakeAfter { task, wait } => self.supervisor.spawn(TaskKind::Timer, async move {
                tokio::time::sleep(wait).await;
                send(&outbox, run, Observation::BackoffOver { task }, Vec::new());
            }),
            Step::Stop { task, .. } => {
                // The token is made here when the attempt itself is still on its way.
                if let Some(live) = self.runs.get_mut(&run) {
                    live.stops
                        .entry(task)
                        .or_insert_with(CancellationToken::new)
                        .cancel();
                }
            }
            Step::Import(request) => {
                let (store, workspace) = (
                    self.setting.store.clone(),
                    home.run_dir(run).join("workspace"),
                );
                self.beside(run, move || {
                    import::import(&store, &home, run, &workspace, *request)
                });
            }
            Step::CreateVolume { task, name, size } => {
                self.beside(run, move || {
                    (import::create_volume(&home, task, name, size), Vec::new())
                });
            }
            Step::DeleteVolume { task, name } => {
                self.beside(run, move || {
                    (import::delete_volume(&home, task, name), Vec::new())
                });
            }
            // The loop has done these itself.
            Step::LookUp { .. }
            | Step::Enqueue { .. }
            | Step::Dequeue { .. }
            | Step::Adopt { .. }
            | Step::Finish { .. }
            | Step::Notice { .. } => {}
        }
    }

    /// Does work on the disk beside the loop and tells it what came of it.
    fn beside(
        &self,
        run: RunId,
        work: impl FnOnce() -> (Observation, Vec<Change>) + Send + 'static,
    ) {
        let outbox = self.outbox.clone();
        self.supervisor.spawn(TaskKind::Lookup, async move {
            if let Ok((observation, changes)) = tokio::task::spawn_blocking(work).await {
                send(&outbox, run, observation, changes);
            }
        });
    }
}

fn send(
    outbox: &tokio::sync::mpsc::UnboundedSender<Message>,
    run: RunId,
    observation: Observation,
    changes: Vec<Change>,
) {
    // A loop that has ended asks again at the next start.
    let _ = outbox.send(Message::Observed {
        run,
        observation: Box::new(observation),
        changes,
        spent: Vec::new(),
    });
}

/// The lineage of what a step reads.
fn reads(run: RunId, launch: &Launch) -> Vec<Change> {
    let inputs = launch.executor_input.artifacts.iter();
    inputs
        .flat_map(|(key, artifacts)| artifacts.iter().map(move |artifact| (key, artifact)))
        .filter(|(_, artifact)| artifact.id.is_some())
        .map(|(key, artifact)| Change::Artifact {
            artifact: Box::new(artifact.clone()),
            run,
            path: launch.task.clone(),
            key: key.clone(),
            direction: Direction::Read,
        })
        .collect()
}
