//! [`Engine`] by processes.
//!
//! The engine keeps one link for each workload, `workloads/NAME`, to the directory that the caller chose for it.
//! Everything else is in that directory, so nothing needs to be remembered in memory and a workbench that comes
//! up again finds all there is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coracle_model::{EngineKind, EnvironmentKey, ImageRef, RegistryUser};
use tokio::sync::Mutex;

use super::command::{Scratch, give_to};
use super::copy::{Copied, copy_tree};
use super::environments::{self, EnvironmentPlace};
use super::launch::{Answer, Credentials};
use super::own_image;
use super::place::{Kept, Outcome, Place, Standing};
use super::python::{Interpreter, Interpreters};
use super::sandboxes::Sandboxes;
use super::session;
use super::supervisor::{self, Ending};
use super::tree::{self, Identity};
use super::workloads::Workloads;
use crate::clock::Clock;
use crate::engine::{
    AttachRequest, Connection, Engine, EngineDescription, EngineError, EnvironmentLayer,
    EnvironmentRequest, ExecRequest, Exit, ImageAnswer, ImageBuild, ImageConfig, NetworkName,
    ObservedWorkload, Opening, Phase, PullPolicy, SandboxName, SandboxRequest, SandboxStatus,
    Session, Usage, Workload, WorkloadName,
};
use crate::log::Keep;
use crate::off_runtime;
use crate::own_image::OwnImage;

/// What a process engine is made of.
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// The engine's own directory, absolute; its path should be short, since it becomes part of sockets' names.
    pub root: PathBuf,
    /// The command line that comes to [`super::supervise`]; the workload's directory is appended.
    pub supervisor: Vec<OsString>,
    /// The Python that stands for every image; its packages are visible when it is a virtual environment's.
    /// Without it, the one on the path whose version the image names, else `python3`.
    pub python: Option<PathBuf>,
    /// Where commands are looked for, as in `PATH`.
    pub path: OsString,
    /// What every workload is given beside `PATH` and `TMPDIR`: `HOME`, `LANG`, proxies. Nothing else of the
    /// workbench's environment reaches it.
    pub environment: BTreeMap<String, OsString>,
}

/// Runs workloads as processes of this machine.
#[derive(Debug)]
pub struct ProcessEngine {
    pub(super) settings: ProcessSettings,
    clock: Arc<dyn Clock>,
    pub(super) interpreters: Interpreters,
    workloads: Workloads,
    sandboxes: Sandboxes,
    /// The environments that are being prepared. Who waits for one that fails finds here why.
    preparing: Mutex<BTreeMap<EnvironmentKey, Arc<Mutex<Option<String>>>>>,
}

impl ProcessEngine {
    /// An engine over what `settings.root` holds, which may be nothing yet.
    pub fn new(settings: ProcessSettings, clock: Arc<dyn Clock>) -> Self {
        let ProcessSettings {
            python,
            path,
            environment,
            ..
        } = settings.clone();
        let interpreters = Interpreters::new(python, path, environment);
        Self {
            workloads: Workloads::under(&settings.root),
            sandboxes: Sandboxes::under(&settings.root),
            settings,
            clock,
            interpreters,
            preparing: Mutex::default(),
        }
    }

    /// The place of a workload that is there.
    fn known(&self, name: &WorkloadName) -> Result<Place, EngineError> {
        let place = self.workloads.place(name)?;
        place.ok_or_else(|| EngineError::Gone { name: name.clone() })
    }

    /// The supervisor of a workload that runs.
    fn supervisor_of(&self, name: &WorkloadName, place: &Place) -> Result<Identity, EngineError> {
        let failed = |error: io::Error| EngineError::of_file(format!("look at `{name}`"), &error);
        match place.standing().map_err(failed)? {
            Standing::Begun(supervisor) if supervisor::is_alive(supervisor).map_err(failed)? => {
                Ok(supervisor)
            }
            Standing::Unbegun | Standing::Begun(_) | Standing::Ended(_) => {
                Err(EngineError::NotRunning { name: name.clone() })
            }
        }
    }
}

#[async_trait]
impl Engine for ProcessEngine {
    async fn describe(&self) -> Result<EngineDescription, EngineError> {
        let python = match self.interpreters.any().await {
            Some(found) => format!("Python {} at {}", found.release, found.executable.display()),
            None => "no Python".to_owned(),
        };
        let summary = format!(
            "processes of this machine, with {python}: runs no image, isolates nothing, ends what goes over its memory \
             limit, does not enforce CPU limits"
        );
        Ok(EngineDescription {
            kind: EngineKind::Process,
            summary,
            isolates: false,
            gpus: true,
            workbench_address: None,
            forwarder: None,
        })
    }

    async fn resolve_image(
        &self,
        image: &ImageRef,
        _policy: PullPolicy,
    ) -> Result<ImageAnswer, EngineError> {
        let interpreter = self.interpreters.for_image(image).await;
        let digest = match OwnImage::of(image) {
            Some(own) => self.resolve_own(&own).await?,
            None => Interpreter::digest(interpreter.as_deref()),
        };
        let instead = match &interpreter {
            Some(found) => format!(
                "with Python {} ({})",
                found.release,
                found.executable.display()
            ),
            None => "which has no Python,".to_owned(),
        };
        let notice = format!(
            "runs on this machine {instead} instead of in image `{image}`, and is not isolated"
        );
        Ok(ImageAnswer {
            digest,
            notice: Some(notice),
            // Nothing of an image is here.
            config: ImageConfig::default(),
        })
    }

    /// Nothing is pulled, so that it does not matter who asks.
    async fn pull_image(
        &self,
        image: &ImageRef,
        _user: &RegistryUser,
    ) -> Result<ImageAnswer, EngineError> {
        self.resolve_image(image, PullPolicy::Always).await
    }

    async fn build_image(&self, request: &ImageBuild) -> Result<(), EngineError> {
        self.build(request).await
    }

    async fn prepare_environment(
        &self,
        request: &EnvironmentRequest,
    ) -> Result<EnvironmentLayer, EngineError> {
        let shared = Arc::clone(
            self.preparing
                .lock()
                .await
                .entry(request.key.clone())
                .or_default(),
        );
        let mut failure = shared.lock().await;
        if let Some(message) = &*failure {
            return Err(EngineError::InstallFailed {
                base: request.base.to_string(),
                message: message.clone(),
            });
        }
        let interpreter = self.python(&request.base).await?;
        let prepared =
            environments::prepare(&self.settings, &interpreter, request, || self.clock.now()).await;
        // From here on whoever asks anew tries anew.
        self.preparing.lock().await.remove(&request.key);
        if let Err(EngineError::InstallFailed { message, .. }) = &prepared {
            *failure = Some(message.clone());
        }
        prepared
    }

    async fn environments(&self) -> Result<Vec<EnvironmentLayer>, EngineError> {
        environments::list(&self.settings.root)
            .map_err(|error| EngineError::of_file("list environments", &error))
    }

    async fn remove_environment(&self, key: &EnvironmentKey) -> Result<(), EngineError> {
        let action = || format!("remove the environment `{key}`");
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let place = EnvironmentPlace::of(&self.settings.root, key)?;
        for (kept, phase) in self.workloads.all()? {
            if phase != Phase::Exited
                && self.environment_of(&kept.image).await?.as_ref() == Some(key)
            {
                return Err(EngineError::Refused {
                    action: action(),
                    message: format!("`{}` runs in it", kept.name),
                });
            }
        }
        place.stop_installer().await.map_err(failed)?;
        place.remove().await.map_err(failed)
    }

    async fn open_sandbox(&self, request: &SandboxRequest) -> Result<Opening, EngineError> {
        self.sandboxes.open(request)
    }

    async fn sandbox(&self, name: &SandboxName) -> Result<Option<SandboxStatus>, EngineError> {
        self.sandboxes.status(name)
    }

    async fn close_sandbox(&self, name: &SandboxName) -> Result<(), EngineError> {
        self.sandboxes.close(name)
    }

    /// All processes share the machine's network.
    async fn close_network(&self, _name: &NetworkName) -> Result<(), EngineError> {
        Ok(())
    }

    async fn networks(&self) -> Result<Vec<NetworkName>, EngineError> {
        Ok(Vec::new())
    }

    async fn connect(
        &self,
        sandbox: &SandboxName,
        port: u16,
    ) -> Result<Box<dyn Connection>, EngineError> {
        self.sandboxes.connect(sandbox, port).await
    }

    async fn start(&self, workload: &Workload) -> Result<(), EngineError> {
        let action = || format!("start `{}`", workload.name);
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let place = Place::at(std::path::absolute(&workload.directory).map_err(failed)?);
        let mut workload = workload.clone();
        if let Some(own) = own_image::of_workload(&workload.image) {
            let work = Scratch::of(&self.settings.root, &place).work();
            workload = own_image::as_process(workload, own.as_process(), &work);
        }
        self.workloads.add(&workload, &place)?;
        if !matches!(place.standing().map_err(failed)?, Standing::Unbegun) {
            return Ok(());
        }
        let launch = self.launch(&workload, &place).await?;
        match supervisor::start(&self.settings.supervisor, &place, &launch)
            .await
            .map_err(failed)?
        {
            Answer::Started | Answer::Already => Ok(()),
            Answer::Refused { message } => Err(EngineError::Refused {
                action: action(),
                message,
            }),
            Answer::DiskFull { message } => Err(EngineError::DiskFull { message }),
        }
    }

    /// The supervisor writes the log itself, so `log` must be `log` in the workload's directory, or where that leads.
    async fn attend(
        &self,
        name: &WorkloadName,
        log: &Path,
        _keep: Keep,
    ) -> Result<Exit, EngineError> {
        let action = || format!("run `{name}`");
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let place = self.known(name)?;
        let log = std::path::absolute(log).map_err(failed)?;
        if log != place.log() && !is_same(&log, &place.log()) {
            let message = format!("the log of a process lies at `{}`", place.log().display());
            return Err(EngineError::Refused {
                action: action(),
                message,
            });
        }
        match supervisor::ending(&place).await.map_err(failed)? {
            Ending::Told(Outcome::Exited(exit)) => Ok(exit),
            Ending::Told(Outcome::Refused { message }) => Err(EngineError::Refused {
                action: action(),
                message,
            }),
            Ending::Told(Outcome::DiskFull { message }) => Err(EngineError::DiskFull { message }),
            Ending::Lost => {
                let message = "its supervisor was killed, and the step with it".to_owned();
                Err(EngineError::Lost {
                    name: name.clone(),
                    message,
                })
            }
            Ending::Unbegun => Err(EngineError::Gone { name: name.clone() }),
        }
    }

    async fn exec(
        &self,
        workload: &WorkloadName,
        request: &ExecRequest,
    ) -> Result<Session, EngineError> {
        let place = self.known(workload)?;
        let scratch = Scratch::of(&self.settings.root, &place);
        session::exec(workload, &place, &scratch, request).await
    }

    async fn attach(
        &self,
        workload: &WorkloadName,
        request: &AttachRequest,
    ) -> Result<Session, EngineError> {
        let place = self.known(workload)?;
        self.supervisor_of(workload, &place)?;
        session::attach(workload, &place, *request).await
    }

    async fn usage(&self, workload: &WorkloadName) -> Result<Usage, EngineError> {
        let place = self.known(workload)?;
        let supervisor = self.supervisor_of(workload, &place)?;
        let measured = off_runtime(move || {
            let processes = supervisor.descendants();
            Ok(Usage {
                cpu: tree::cpu_time(&processes),
                memory_bytes: tree::proportional(&processes),
            })
        });
        measured
            .await
            .map_err(|error| EngineError::of_file(format!("measure `{workload}`"), &error))
    }

    async fn stop(&self, name: &WorkloadName, grace: Duration) -> Result<(), EngineError> {
        let Some(place) = self.workloads.place(name)? else {
            return Ok(());
        };
        supervisor::stop(&place, grace)
            .await
            .map_err(|error| EngineError::of_file(format!("stop `{name}`"), &error))
    }

    async fn copy_out(
        &self,
        name: &WorkloadName,
        path: &str,
        destination: &Path,
    ) -> Result<bool, EngineError> {
        let action = || format!("copy `{path}` out of `{name}`");
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let place = self.known(name)?;
        // A relative path is meant from where the workload started, and an absolute one replaces that.
        let source = Scratch::of(&self.settings.root, &place).work().join(path);
        let destination = destination.to_owned();
        match off_runtime(move || copy_tree(&source, &destination))
            .await
            .map_err(failed)?
        {
            Copied::Whole => Ok(true),
            Copied::Nothing => Ok(false),
            Copied::Link => {
                let message = "it is a link; write the file itself there".to_owned();
                Err(EngineError::Refused {
                    action: action(),
                    message,
                })
            }
        }
    }

    async fn remove(&self, name: &WorkloadName) -> Result<(), EngineError> {
        let action = || format!("remove `{name}`");
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        if let Some(place) = self.workloads.place(name)? {
            if matches!(self.workloads.look_at(name)?, Some((_, Phase::Running))) {
                return Err(EngineError::Refused {
                    action: action(),
                    message: "it is still running".to_owned(),
                });
            }
            let scratch = Scratch::of(&self.settings.root, &place);
            off_runtime(move || scratch.remove().and_then(|()| place.clear()))
                .await
                .map_err(failed)?;
        }
        // Last: until here the workload is found again.
        self.workloads.remove(name)
    }

    async fn observe(&self) -> Result<Vec<ObservedWorkload>, EngineError> {
        let observed = |(kept, phase): (Kept, Phase)| ObservedWorkload {
            name: kept.name,
            labels: kept.labels,
            phase,
        };
        Ok(self.workloads.all()?.into_iter().map(observed).collect())
    }

    async fn reclaim(&self, path: &Path) -> Result<(), EngineError> {
        let own = Credentials::own();
        // Only root can have started somebody as another user.
        if own.user != 0 {
            return Ok(());
        }
        let owned = path.to_owned();
        off_runtime(move || give_to(&owned, own))
            .await
            .map_err(|error| EngineError::of_file(format!("reclaim `{}`", path.display()), &error))
    }
}

/// Whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    let (one, other) = (fs_err::canonicalize(one), fs_err::canonicalize(other));
    one.is_ok_and(|one| other.is_ok_and(|other| one == other))
}
