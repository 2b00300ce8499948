//! Carrying an attempt out and reporting what came of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coracle_host::log::Keep;
use coracle_host::{EngineError, Exit, SandboxName, Workload, WorkloadName};
use coracle_model::{Attempt, Failure, FailureCode, Outputs, TaskState};
use coracle_plan::{InitLaunch, Launch, Observation};
use coracle_spec::pipeline::Component;
use coracle_store::{Change, Direction};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::collect::{collect, custom_paths};
use super::files::{
    Prepared, disk_failure, empty_outputs, forget_stored, prepare, prepare_attempt,
};
use super::judge::failure_of;
use super::workload::{of_launch, workload_name};
use crate::batch::Message;
use crate::image::policy;
use crate::sandbox::SandboxPool;
use crate::setting::Setting;

/// How long a stopped step is asked politely. A stop has to be over within two seconds.
const GRACE: Duration = Duration::from_secs(1);

/// The pause between two tries to reach an engine that does not answer.
const ENGINE_PAUSE: Duration = Duration::from_millis(500);

/// What an attempt is looked after with.
pub(crate) struct Context {
    pub(crate) setting: Setting,
    pub(crate) outbox: UnboundedSender<Message>,
    pub(crate) sandboxes: Arc<SandboxPool>,
    pub(crate) component: Component,
    pub(crate) attempt: Attempt,
    pub(crate) stop: CancellationToken,
}

/// What came of an attempt.
struct Outcome {
    result: Result<Outputs, Failure>,
    exit: Option<Exit>,
}

/// Carries an attempt out to its end and reports it to the loop.
pub(crate) async fn look_after(context: Context, launch: Launch) {
    let mut spent = Vec::new();
    let outcome = match context.carry_out(&launch, &mut spent).await {
        Ok(outcome) => outcome,
        Err(failure) => Outcome {
            result: Err(failure),
            exit: None,
        },
    };
    forget_stored(&context.setting.home, context.attempt.run, &launch);
    if let Err(failure) = &outcome.result
        && failure.code == FailureCode::DiskFull
    {
        give_room_back(&launch).await;
    }
    context.report(&launch, outcome, spent);
}

impl Context {
    async fn carry_out(
        &self,
        launch: &Launch,
        spent: &mut Vec<WorkloadName>,
    ) -> Result<Outcome, Failure> {
        let prepared = self.prepare(launch).await?;
        let name = workload_name(self.attempt.run, &launch.task, launch.attempt);
        let sandbox = self
            .patiently(|| self.sandboxes.enter(self.setting.engine.as_ref(), &name))
            .await?;
        let outcome = self.in_sandbox(launch, &prepared, &sandbox, spent).await;
        self.sandboxes.leave(sandbox);
        outcome
    }

    async fn in_sandbox(
        &self,
        launch: &Launch,
        prepared: &Prepared,
        sandbox: &SandboxName,
        spent: &mut Vec<WorkloadName>,
    ) -> Result<Outcome, Failure> {
        for (index, init) in launch.init.iter().enumerate() {
            self.initialise(launch, init, index, sandbox, spent).await?;
        }
        let workload = of_launch(
            &self.setting.home,
            self.attempt.run,
            launch,
            prepared,
            Some(sandbox.clone()),
        );
        spent.push(workload.name.clone());
        if self.stop.is_cancelled() {
            // It may be at work already, when it was begun by an earlier life of the workbench.
            self.patiently(|| self.setting.engine.stop(&workload.name, GRACE))
                .await?;
            return Err(stopped());
        }
        self.start(&workload, sandbox).await?;
        let log = workload.directory.join("log");
        let ending = self.attend(&workload.name, &log, launch.timeout).await?;
        self.reclaim(launch).await;
        let result = match ending.forced {
            Some(failure) => Err(failure),
            None => match failure_of(&ending.exit, &launch.resources, &log) {
                Some(failure) => Err(failure),
                None => self.outputs(launch, &workload.name).await,
            },
        };
        Ok(Outcome {
            result,
            exit: Some(ending.exit),
        })
    }

    async fn prepare(&self, launch: &Launch) -> Result<Prepared, Failure> {
        let (setting, run, launch) = (self.setting.clone(), self.attempt.run, launch.clone());
        blocking(move || prepare_attempt(&setting, run, &launch)).await?
    }

    /// Runs an init container to its end; its failure is the step's.
    async fn initialise(
        &self,
        launch: &Launch,
        init: &InitLaunch,
        index: usize,
        sandbox: &SandboxName,
        spent: &mut Vec<WorkloadName>,
    ) -> Result<(), Failure> {
        let engine = self.setting.engine.as_ref();
        let pull = policy(coracle_spec::pipeline::PullPolicy::IfNotPresent);
        let image = self
            .patiently(|| engine.resolve_image(&init.image, pull))
            .await?;
        let directory = self
            .setting
            .home
            .attempt_dir(self.attempt.run, &launch.task, launch.attempt)
            .join(format!("init-{index}"));
        let prepared = prepare(&self.setting, &directory, &init.variables, &init.mounts)?;
        fs_err::create_dir_all(&directory).map_err(|error| disk_failure(&error))?;
        let own = Launch {
            image: init.image.clone(),
            digest: image.digest,
            prepared: None,
            command: init.command.clone(),
            args: init.args.clone(),
            init: Vec::new(),
            ..launch.clone()
        };
        let mut workload = of_launch(
            &self.setting.home,
            self.attempt.run,
            &own,
            &prepared,
            Some(sandbox.clone()),
        );
        workload.name = WorkloadName(format!("{}-init-{index}", workload.name));
        workload.directory.clone_from(&directory);
        spent.push(workload.name.clone());
        self.start(&workload, sandbox).await?;
        let log = directory.join("log");
        let ending = self.attend(&workload.name, &log, launch.timeout).await?;
        let failure = ending
            .forced
            .or_else(|| failure_of(&ending.exit, &launch.resources, &log));
        failure.map_or(Ok(()), |failure| {
            let message = format!("init container `{}` {}", init.name, failure.message);
            Err(Failure { message, ..failure })
        })
    }

    /// Starts a workload. The place it is to be in may have gone since it was left: with an engine that was started
    /// anew, or by somebody's hand.
    async fn start(&self, workload: &Workload, sandbox: &SandboxName) -> Result<(), Failure> {
        let engine = self.setting.engine.as_ref();
        let started = self.patiently(|| engine.start(workload)).await;
        if !started
            .as_ref()
            .is_err_and(|failure| failure.code == FailureCode::StartRefused)
        {
            return started;
        }
        self.patiently(|| self.sandboxes.mend(engine, sandbox))
            .await?;
        self.patiently(|| engine.start(workload)).await
    }

    /// Attends a workload until it has ended, stops it when its time is over or the run is stopped, and waits for an
    /// engine that went away.
    async fn attend(
        &self,
        name: &WorkloadName,
        log: &Path,
        timeout: Option<Duration>,
    ) -> Result<Ending, Failure> {
        let engine = self.setting.engine.as_ref();
        let mut forced = None;
        let mut engine_went_away = false;
        // Tokio's clock stands still while the machine sleeps, and so does the step: sleep does not count.
        let overdue = sleep_for(timeout.map(|timeout| timeout.saturating_sub(self.age())));
        tokio::pin!(overdue);
        loop {
            // All three are cancel-safe: attending anew begins the log anew, the others only wait.
            tokio::select! {
                exit = engine.attend(name, log, Keep::All) => match exit {
                    Ok(exit) => {
                        let lost = engine_went_away && exit.code != 0 && forced.is_none();
                        let forced = if lost { Some(engine_lost()) } else { forced };
                        return Ok(Ending { exit, forced });
                    }
                    Err(EngineError::Unavailable { .. }) => {
                        engine_went_away = true;
                        self.patiently(|| engine.describe()).await?;
                    }
                    Err(error) => return Err(error.to_failure()),
                },
                () = self.stop.cancelled(), if forced.is_none() => {
                    forced = Some(stopped());
                    self.patiently(|| engine.stop(name, GRACE)).await?;
                }
                () = &mut overdue, if forced.is_none() => {
                    forced = Some(overran(timeout));
                    self.patiently(|| engine.stop(name, GRACE)).await?;
                }
            }
        }
    }

    /// How long ago the attempt began, which is long only for one that was adopted. A clock that was set back makes
    /// it young again, never old.
    fn age(&self) -> Duration {
        let age = self
            .setting
            .clock
            .now()
            .duration_since(self.attempt.started_at);
        Duration::try_from(age).unwrap_or_default()
    }

    /// Asks an engine that may have gone away for a moment until it answers.
    async fn patiently<T, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, EngineError>>,
    {
        let deadline = tokio::time::Instant::now() + self.setting.surroundings.engine_patience;
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(EngineError::Unavailable { .. }) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(ENGINE_PAUSE).await;
                }
                Err(error) => return Err(error.to_failure()),
            }
        }
    }

    /// Gives what a container wrote as another user to the user who runs the workbench.
    async fn reclaim(&self, launch: &Launch) {
        let Some(user) = self.setting.surroundings.user else {
            return;
        };
        for directory in launch
            .layout
            .artifacts
            .iter()
            .chain([&launch.layout.outputs])
        {
            let looked_at = directory.clone();
            let foreign = blocking(move || coracle_step::foreign_files(&looked_at, user))
                .await
                .unwrap_or(false);
            if foreign && let Err(error) = self.setting.engine.reclaim(directory).await {
                tracing::warn!(%error, "files of `{}` stay with the container's user", launch.task);
            }
        }
    }

    async fn outputs(&self, launch: &Launch, name: &WorkloadName) -> Result<Outputs, Failure> {
        let (home, store) = (self.setting.home.clone(), self.setting.store.clone());
        let (component, own) = (self.component.clone(), launch.clone());
        let outputs = blocking(move || collect(&home, &store, &component, &own)).await??;
        for (path, place) in custom_paths(&self.setting.home, &outputs) {
            if place.exists() {
                continue;
            }
            self.setting
                .engine
                .copy_out(name, &path, &place)
                .await
                .map_err(|error| error.to_failure())?;
        }
        Ok(outputs)
    }

    fn report(&self, launch: &Launch, outcome: Outcome, spent: Vec<WorkloadName>) {
        let state = match &outcome.result {
            Ok(_) => TaskState::Succeeded,
            Err(failure) if failure.code == FailureCode::Canceled => TaskState::Canceled,
            Err(_) => TaskState::Failed,
        };
        let attempt = Attempt {
            state,
            usage: outcome
                .exit
                .as_ref()
                .map(|exit| exit.usage)
                .unwrap_or_default(),
            exit_code: outcome.exit.as_ref().map(|exit| exit.code),
            failure: outcome.result.as_ref().err().cloned(),
            finished_at: Some(self.setting.clock.now()),
            ..self.attempt.clone()
        };
        let mut changes = vec![Change::Attempt(Box::new(attempt))];
        if let Ok(outputs) = &outcome.result {
            changes.extend(outputs.artifacts.iter().flat_map(|(key, artifacts)| {
                artifacts.iter().map(|artifact| Change::Artifact {
                    artifact: Box::new(artifact.clone()),
                    run: self.attempt.run,
                    path: launch.task.clone(),
                    key: key.clone(),
                    direction: Direction::Produced,
                })
            }));
        }
        let observation = Box::new(Observation::Ended {
            task: launch.task.clone(),
            attempt: launch.attempt,
            result: outcome.result,
        });
        // A loop that has ended adopts the attempt at the next start and finds the same end.
        let _ = self.outbox.send(Message::Observed {
            run: self.attempt.run,
            observation,
            changes,
            spent,
        });
    }
}

/// Removes what a step wrote until the disk was full: without room, nothing can be recorded of it either.
async fn give_room_back(launch: &Launch) {
    let own = launch.clone();
    let emptied = blocking(move || empty_outputs(&own).map_err(|error| disk_failure(&error))).await;
    if let Err(failure) = emptied.flatten() {
        tracing::warn!(%failure, "what `{}` wrote stays on the full disk", launch.task);
    }
}

/// How a workload ended, and why it was made to, if it was.
struct Ending {
    exit: Exit,
    forced: Option<Failure>,
}

async fn sleep_for(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Failure::new(
            FailureCode::Internal,
            format!("work on the disk ended badly: {error}"),
        )
    })
}

fn stopped() -> Failure {
    Failure::new(FailureCode::Canceled, "the run was cancelled")
}

fn overran(timeout: Option<Duration>) -> Failure {
    let seconds = timeout.unwrap_or_default().as_secs();
    Failure::new(
        FailureCode::Timeout,
        format!("ran longer than the {seconds} s it is allowed"),
    )
    .with_hint(
        "raise the limit in the pipeline (`kubernetes.set_timeout`), or make the step do less",
    )
}

fn engine_lost() -> Failure {
    Failure::new(
        FailureCode::EngineUnavailable,
        "the engine stopped while the step was at work",
    )
    .with_hint("run `coracle retry` for the run: what succeeded stands")
}
