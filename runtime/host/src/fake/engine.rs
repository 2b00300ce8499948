//! [`Engine`] by script.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use coracle_model::{
    AttemptUsage, EngineKind, EnvironmentKey, ImageDigest, ImageRef, RegistryUser,
};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::pods::Pods;
use super::scripted::Scripted;
use super::session::{self, ExecAct};
use super::{Act, Lasts};
use crate::clock::{Clock, Moment};
use crate::engine::{
    AttachRequest, Connection, Engine, EngineDescription, EngineError, EnvironmentLayer,
    EnvironmentRequest, ExecRequest, Exit, ImageAnswer, ImageBuild, ImageConfig, NetworkName,
    ObservedWorkload, Opening, Phase, PullPolicy, SandboxName, SandboxRequest, SandboxStatus,
    Session, Usage, Workload, WorkloadName,
};
use crate::log::Keep;

const ENGINE: &str = "fake";

/// The image of the forwarders that it plays.
const FORWARDER: &str = "coracle/forwarder:fake";

/// The code of a workload that was asked to end: 128 and SIGTERM.
const STOPPED: i64 = 143;

type Script = Box<dyn Fn(&Workload) -> Act + Send + Sync>;
type ExecScript = Box<dyn Fn(&WorkloadName, &ExecRequest) -> ExecAct + Send + Sync>;

/// An engine that does what a script says.
pub struct FakeEngine {
    pub(super) clock: Arc<dyn Clock>,
    script: Script,
    exec_script: ExecScript,
    held: Mutex<Held>,
    /// Tells those who attend that something was done to the engine.
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) away: Option<String>,
    pub(super) workloads: HashMap<WorkloadName, Scripted>,
    pub(super) starts: BTreeMap<WorkloadName, u32>,
    pub(super) digests: BTreeMap<ImageRef, Option<ImageDigest>>,
    pub(super) environments: BTreeMap<EnvironmentKey, EnvironmentLayer>,
    pub(super) preparations: BTreeMap<EnvironmentKey, u32>,
    pub(super) builds: BTreeMap<ImageRef, u32>,
    pub(super) failing_builds: BTreeMap<ImageRef, String>,
    pub(super) failing_installs: BTreeMap<EnvironmentKey, String>,
    pub(super) private: BTreeMap<ImageRef, RegistryUser>,
    pub(super) askers: Vec<(ImageRef, String)>,
    pub(super) configs: BTreeMap<ImageRef, ImageConfig>,
    pub(super) pods: Pods,
}

impl fmt::Debug for FakeEngine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FakeEngine")
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

impl FakeEngine {
    /// An engine whose workloads do what `script` says, in the time of `clock`.
    pub fn new(
        clock: Arc<dyn Clock>,
        script: impl Fn(&Workload) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock,
            script: Box::new(script),
            exec_script: Box::new(|_, _| ExecAct::succeed()),
            held: Mutex::default(),
            changes: watch::Sender::new(()),
        }
    }

    /// The same, whose sessions' programs do what `script` says.
    #[must_use]
    pub fn with_sessions(
        self,
        script: impl Fn(&WorkloadName, &ExecRequest) -> ExecAct + Send + Sync + 'static,
    ) -> Self {
        Self {
            exec_script: Box::new(script),
            ..self
        }
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.held());
        self.changes.send_replace(());
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        // Each change is made in one go; a panic of a test's thread leaves none half done.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held, when the engine answers.
    fn reach(&self) -> Result<MutexGuard<'_, Held>, EngineError> {
        let held = self.held();
        match &held.away {
            Some(message) => Err(EngineError::Unavailable {
                engine: ENGINE,
                message: message.clone(),
            }),
            None => Ok(held),
        }
    }

    /// What a workload that runs is said to use.
    fn check_running(&self, name: &WorkloadName) -> Result<AttemptUsage, EngineError> {
        let held = self.reach()?;
        let gone = || EngineError::Gone { name: name.clone() };
        let workload = held.workloads.get(name).ok_or_else(gone)?;
        if workload.exit.is_some() || workload.is_over(self.clock.steady()) {
            return Err(EngineError::NotRunning { name: name.clone() });
        }
        Ok(workload.act.usage)
    }

    /// The exit of a workload that has ended, or when to ask again.
    fn look(
        &self,
        name: &WorkloadName,
        log: &Path,
    ) -> Result<Result<Exit, Option<Moment>>, EngineError> {
        let mut held = self.reach()?;
        let gone = || EngineError::Gone { name: name.clone() };
        let workload = held.workloads.get_mut(name).ok_or_else(gone)?;
        if workload.exit.is_none() && !workload.is_over(self.clock.steady()) {
            return Ok(Err(workload.ends_at));
        }
        let failed = |error: io::Error| EngineError::of_file(format!("run `{name}`"), &error);
        let exit = workload.end(self.clock.now()).map_err(failed)?;
        workload.write_log(log).map_err(failed)?;
        Ok(Ok(exit))
    }
}

#[async_trait]
impl Engine for FakeEngine {
    async fn describe(&self) -> Result<EngineDescription, EngineError> {
        self.reach().map(|_| EngineDescription {
            kind: EngineKind::Fake,
            summary: "a script that runs nothing".to_owned(),
            isolates: true,
            gpus: true,
            workbench_address: None,
            forwarder: Some(FORWARDER.parse().expect("it is an image reference")),
        })
    }

    async fn resolve_image(
        &self,
        image: &ImageRef,
        _policy: PullPolicy,
    ) -> Result<ImageAnswer, EngineError> {
        let of_name = || {
            ImageDigest::from(format!(
                "sha256:{}",
                hex::encode(Sha256::digest(image.as_str()))
            ))
        };
        let held = self.reach()?;
        let answer = |digest| ImageAnswer {
            digest,
            notice: None,
            config: held.configs.get(image).cloned().unwrap_or_default(),
        };
        match held.digests.get(image) {
            None => Ok(answer(of_name())),
            Some(Some(digest)) => Ok(answer(digest.clone())),
            Some(None) => Err(EngineError::ImageNotFound {
                image: image.to_string(),
                message: "the script has taken it".to_owned(),
            }),
        }
    }

    async fn pull_image(
        &self,
        image: &ImageRef,
        user: &RegistryUser,
    ) -> Result<ImageAnswer, EngineError> {
        {
            let mut held = self.reach()?;
            held.askers.push((image.clone(), user.name.clone()));
            if held.private.get(image).is_some_and(|owner| owner == user) {
                held.digests.remove(image);
            }
        }
        self.resolve_image(image, PullPolicy::Always).await
    }

    /// Nothing is made; from here on the image is there.
    async fn build_image(&self, request: &ImageBuild) -> Result<(), EngineError> {
        let mut held = self.reach()?;
        if let Some(message) = held.failing_builds.get(&request.name) {
            return Err(EngineError::BuildFailed {
                image: request.name.to_string(),
                message: message.clone(),
            });
        }
        *held.builds.entry(request.name.clone()).or_default() += 1;
        held.digests.remove(&request.name);
        Ok(())
    }

    async fn prepare_environment(
        &self,
        request: &EnvironmentRequest,
    ) -> Result<EnvironmentLayer, EngineError> {
        let mut held = self.reach()?;
        if let Some(layer) = held.environments.get(&request.key) {
            return Ok(layer.clone());
        }
        *held.preparations.entry(request.key.clone()).or_default() += 1;
        if let Some(message) = held.failing_installs.get(&request.key) {
            return Err(EngineError::InstallFailed {
                base: request.base.to_string(),
                message: message.clone(),
            });
        }
        let layer = EnvironmentLayer {
            key: request.key.clone(),
            base: request.base.to_string(),
            install: request.install.clone(),
            created_at: self.clock.now(),
            size_bytes: request.install.len() as u64,
        };
        held.environments.insert(request.key.clone(), layer.clone());
        Ok(layer)
    }

    async fn environments(&self) -> Result<Vec<EnvironmentLayer>, EngineError> {
        Ok(self.reach()?.environments.values().cloned().collect())
    }

    async fn remove_environment(&self, key: &EnvironmentKey) -> Result<(), EngineError> {
        self.reach()?.environments.remove(key);
        Ok(())
    }

    async fn open_sandbox(&self, request: &SandboxRequest) -> Result<Opening, EngineError> {
        self.reach()?.pods.open(request)
    }

    async fn sandbox(&self, name: &SandboxName) -> Result<Option<SandboxStatus>, EngineError> {
        Ok(self.reach()?.pods.status(name))
    }

    async fn close_sandbox(&self, name: &SandboxName) -> Result<(), EngineError> {
        self.reach()?.pods.close(name);
        Ok(())
    }

    async fn close_network(&self, name: &NetworkName) -> Result<(), EngineError> {
        self.reach()?.pods.close_network(name)
    }

    async fn networks(&self) -> Result<Vec<NetworkName>, EngineError> {
        Ok(self.reach()?.pods.networks())
    }

    async fn connect(
        &self,
        sandbox: &SandboxName,
        port: u16,
    ) -> Result<Box<dyn Connection>, EngineError> {
        self.reach()?.pods.connect(sandbox, port)
    }

    async fn start(&self, workload: &Workload) -> Result<(), EngineError> {
        let mut held = self.reach()?;
        if held.workloads.contains_key(&workload.name) {
            return Ok(());
        }
        let act = (self.script)(workload);
        if let Some(message) = act.refusal {
            return Err(EngineError::Refused {
                action: format!("start `{}`", workload.name),
                message,
            });
        }
        *held.starts.entry(workload.name.clone()).or_default() += 1;
        let ends_at = match act.lasts {
            Lasts::For(duration) => Some(self.clock.steady().after(duration)),
            Lasts::UntilReleased => None,
        };
        let start_unanswered = act.start_unanswered;
        let scripted = Scripted {
            labels: workload.labels.clone(),
            mounts: workload.mounts.clone(),
            act,
            started_at: self.clock.now(),
            ends_at,
            exit: None,
        };
        held.workloads.insert(workload.name.clone(), scripted);
        if start_unanswered {
            let message = "the connection broke before the answer came".to_owned();
            return Err(EngineError::Unavailable {
                engine: ENGINE,
                message,
            });
        }
        Ok(())
    }

    async fn attend(
        &self,
        name: &WorkloadName,
        log: &Path,
        _keep: Keep,
    ) -> Result<Exit, EngineError> {
        let mut changes = self.changes.subscribe();
        loop {
            // Marked before looking: what is done after the look wakes us.
            changes.mark_unchanged();
            // Both waits are cancel-safe, and the sender lives in `self`.
            match self.look(name, log)? {
                Ok(exit) => return Ok(exit),
                Err(None) => drop(changes.changed().await),
                Err(Some(ends_at)) => tokio::select! {
                    () = self.clock.sleep_until(ends_at) => {}
                    _ = changes.changed() => {}
                },
            }
        }
    }

    async fn exec(
        &self,
        workload: &WorkloadName,
        request: &ExecRequest,
    ) -> Result<Session, EngineError> {
        self.check_running(workload)?;
        let act = (self.exec_script)(workload, request);
        Ok(session::play(act, request.stdin))
    }

    /// The program says nothing before its end, so there is nothing to hear of it.
    async fn attach(
        &self,
        workload: &WorkloadName,
        request: &AttachRequest,
    ) -> Result<Session, EngineError> {
        self.check_running(workload)?;
        Ok(session::play(ExecAct::succeed(), request.stdin))
    }

    async fn usage(&self, workload: &WorkloadName) -> Result<Usage, EngineError> {
        let usage = self.check_running(workload)?;
        Ok(Usage {
            cpu: Duration::from_secs_f64(usage.cpu_seconds.unwrap_or(0.0)),
            memory_bytes: usage.peak_memory_bytes.unwrap_or(0),
        })
    }

    async fn stop(&self, name: &WorkloadName, _grace: Duration) -> Result<(), EngineError> {
        let (now, steady) = (self.clock.now(), self.clock.steady());
        let failed = |error: io::Error| EngineError::of_file(format!("stop `{name}`"), &error);
        if let Some(workload) = self.reach()?.workloads.get_mut(name)
            && workload.exit.is_none()
        {
            if workload.is_over(steady) {
                workload.end(now).map_err(failed)?;
            } else {
                workload.exit = Some(workload.exit_with(STOPPED, now));
            }
        }
        self.changes.send_replace(());
        Ok(())
    }

    async fn copy_out(
        &self,
        name: &WorkloadName,
        path: &str,
        destination: &Path,
    ) -> Result<bool, EngineError> {
        let held = self.reach()?;
        let workload = held
            .workloads
            .get(name)
            .ok_or_else(|| EngineError::Gone { name: name.clone() })?;
        let failed = |error: io::Error| {
            EngineError::of_file(format!("copy `{path}` out of `{name}`"), &error)
        };
        let mut found = false;
        for (file, content) in &workload.act.files {
            let Ok(rest) = Path::new(file).strip_prefix(path) else {
                continue;
            };
            let is_file = rest.as_os_str().is_empty();
            let target = if is_file {
                destination.to_owned()
            } else {
                destination.join(rest)
            };
            fs_err::create_dir_all(target.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
            fs_err::write(target, content).map_err(failed)?;
            found = true;
        }
        Ok(found)
    }

    async fn remove(&self, name: &WorkloadName) -> Result<(), EngineError> {
        let now = self.clock.steady();
        let mut held = self.reach()?;
        if held
            .workloads
            .get(name)
            .is_some_and(|workload| workload.exit.is_none() && !workload.is_over(now))
        {
            let message = "it is still running".to_owned();
            return Err(EngineError::Refused {
                action: format!("remove `{name}`"),
                message,
            });
        }
        held.workloads.remove(name);
        Ok(())
    }

    async fn observe(&self) -> Result<Vec<ObservedWorkload>, EngineError> {
        let now = self.clock.steady();
        let observed = |(name, workload): (&WorkloadName, &Scripted)| ObservedWorkload {
            name: name.clone(),
            labels: workload.labels.clone(),
            phase: if workload.exit.is_some() || workload.is_over(now) {
                Phase::Exited
            } else {
                Phase::Running
            },
        };
        Ok(self.reach()?.workloads.iter().map(observed).collect())
    }

    async fn reclaim(&self, _path: &Path) -> Result<(), EngineError> {
        self.reach().map(drop)
    }
}
