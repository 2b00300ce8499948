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
use coracle_model::{EngineKind, EnvironmentKey, ImageRef};
use fs_err::os::unix::fs::symlink;
use tokio::sync::Mutex;

use super::command::{Scratch, Sight, resolve};
use super::copy::{Copied, copy_tree};
use super::environments::{self, EnvironmentPlace};
use super::launch::{Answer, Launch};
use super::off_runtime;
use super::place::{Kept, Outcome, Place, Standing, ignore_missing};
use super::python::{Interpreter, Interpreters};
use super::supervisor::{self, Ending};
use crate::clock::Clock;
use crate::engine::{
    Engine, EngineDescription, EngineError, EnvironmentLayer, EnvironmentRequest, Exit, ImageAnswer, ObservedWorkload,
    Phase, PullPolicy, SandboxName, SandboxRequest, Workload, WorkloadImage, WorkloadName,
};

/// What a process engine is made of.
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// The engine's own directory; its path should be short, since it becomes part of sockets' names.
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
    settings: ProcessSettings,
    clock: Arc<dyn Clock>,
    interpreters: Interpreters,
    /// The environments that are being prepared. Who waits for one that fails finds here why.
    preparing: Mutex<BTreeMap<EnvironmentKey, Arc<Mutex<Option<String>>>>>,
}

impl ProcessEngine {
    /// An engine over what `settings.root` holds, which may be nothing yet.
    pub fn new(settings: ProcessSettings, clock: Arc<dyn Clock>) -> Self {
        let ProcessSettings { python, path, environment, .. } = settings.clone();
        let interpreters = Interpreters::new(python, path, environment);
        Self { settings, clock, interpreters, preparing: Mutex::default() }
    }

    fn workloads(&self) -> PathBuf {
        self.settings.root.join("workloads")
    }

    fn link(&self, name: &WorkloadName) -> Result<PathBuf, EngineError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.0.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.0.chars().all(allowed) {
            return Ok(self.workloads().join(&name.0));
        }
        let message = "a name has letters, digits, `-`, `_` and `.` only".to_owned();
        Err(EngineError::Refused { action: format!("use the name `{name}`"), message })
    }

    /// The place of a workload; none when this engine holds none of that name.
    fn place(&self, name: &WorkloadName) -> Result<Option<Place>, EngineError> {
        let failed = |error: io::Error| EngineError::of_file(format!("find `{name}`"), &error);
        let link = self.link(name)?;
        match fs_err::read_link(&link) {
            Ok(directory) => Ok(directory.is_dir().then(|| Place::at(directory))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Makes the workload known: from here on it is observed.
    fn register(&self, workload: &Workload, place: &Place) -> Result<(), EngineError> {
        let failed = |error: io::Error| EngineError::of_file(format!("start `{}`", workload.name), &error);
        let link = self.link(&workload.name)?;
        fs_err::create_dir_all(place.directory()).map_err(failed)?;
        fs_err::create_dir_all(self.workloads()).map_err(failed)?;
        let Workload { name, labels, image, .. } = workload;
        let kept = Kept { name: name.clone(), labels: labels.clone(), image: image.clone() };
        match fs_err::read_link(&link) {
            Ok(directory) if directory == place.directory() => {}
            Ok(directory) if directory.is_dir() => {
                let message = format!("the name is in use in `{}`", directory.display());
                return Err(EngineError::Refused { action: format!("start `{name}`"), message });
            }
            // A link to nowhere is what a removed directory leaves.
            Ok(_) | Err(_) => {
                ignore_missing(fs_err::remove_file(&link)).map_err(failed)?;
                place.keep(&kept).map_err(failed)?;
                symlink(place.directory(), &link).map_err(failed)?;
            }
        }
        place.keep(&kept).map_err(failed)
    }

    async fn launch(&self, workload: &Workload, place: &Place) -> Result<Launch, EngineError> {
        let (interpreter, prepared) = match &workload.image {
            WorkloadImage::Plain { image, .. } => (self.interpreters.for_image(image).await, None),
            WorkloadImage::Prepared(key) => {
                let (interpreter, prepared) = self.prepared(key).await?;
                (Some(interpreter), Some(prepared))
            }
        };
        let (settings, workload, place) = (self.settings.clone(), workload.clone(), place.clone());
        let resolving = tokio::task::spawn_blocking(move || {
            let sight =
                interpreter.as_deref().map(|interpreter| Sight { interpreter, prepared: prepared.as_deref() });
            resolve(&settings, &workload, &place, sight)
        });
        resolving.await.map_err(|error| EngineError::of_file("start a workload", &io::Error::other(error)))?
    }

    /// The interpreter and the directory of a prepared environment.
    async fn prepared(&self, key: &EnvironmentKey) -> Result<(Arc<Interpreter>, PathBuf), EngineError> {
        let failed = |message| EngineError::Refused { action: format!("use the environment `{key}`"), message };
        let place = EnvironmentPlace::of(&self.settings.root, key)?;
        let layer = place.layer().map_err(|error| EngineError::of_file("find an environment", &error))?;
        let layer = layer.ok_or_else(|| failed("it is not prepared; run the step again".to_owned()))?;
        let image: ImageRef = layer.base.parse().map_err(|error| failed(format!("{error}")))?;
        Ok((self.python(&image).await?, place.virtual_environment()))
    }

    async fn python(&self, image: &ImageRef) -> Result<Arc<Interpreter>, EngineError> {
        self.interpreters.for_image(image).await.ok_or_else(|| EngineError::InstallFailed {
            base: image.to_string(),
            message: "there is no Python on this machine; install `python3` and `python3-venv`".to_owned(),
        })
    }

    /// The names that the engine has links for.
    fn names(&self) -> io::Result<Vec<WorkloadName>> {
        match fs_err::read_dir(self.workloads()) {
            Ok(entries) => {
                let name = |entry: fs_err::DirEntry| entry.file_name().into_string().ok().map(WorkloadName);
                entries.filter_map(|entry| entry.map(name).transpose()).collect()
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn look_at(&self, name: &WorkloadName) -> Result<Option<(Kept, Phase)>, EngineError> {
        let failed = |error: io::Error| EngineError::of_file(format!("look at `{name}`"), &error);
        let Some(place) = self.place(name)? else { return Ok(None) };
        let Some(kept) = place.kept().map_err(failed)? else { return Ok(None) };
        let phase = match place.standing().map_err(failed)? {
            Standing::Unbegun => Phase::Created,
            Standing::Begun(supervisor) if supervisor::is_alive(supervisor).map_err(failed)? => Phase::Running,
            Standing::Begun(_) | Standing::Ended(_) => Phase::Exited,
        };
        Ok(Some((kept, phase)))
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
        })
    }

    async fn resolve_image(&self, image: &ImageRef, _policy: PullPolicy) -> Result<ImageAnswer, EngineError> {
        let interpreter = self.interpreters.for_image(image).await;
        let instead = match &interpreter {
            Some(found) => format!("with Python {} ({})", found.release, found.executable.display()),
            None => "which has no Python,".to_owned(),
        };
        let notice = format!("runs on this machine {instead} instead of in image `{image}`, and is not isolated");
        Ok(ImageAnswer { digest: Interpreter::digest(interpreter.as_deref()), notice: Some(notice) })
    }

    async fn prepare_environment(&self, request: &EnvironmentRequest) -> Result<EnvironmentLayer, EngineError> {
        let shared = Arc::clone(self.preparing.lock().await.entry(request.key.clone()).or_default());
        let mut failure = shared.lock().await;
        if let Some(message) = &*failure {
            return Err(EngineError::InstallFailed { base: request.base.to_string(), message: message.clone() });
        }
        let interpreter = self.python(&request.base).await?;
        let prepared = environments::prepare(&self.settings, &interpreter, request, || self.clock.now()).await;
        // From here on whoever asks anew tries anew.
        self.preparing.lock().await.remove(&request.key);
        if let Err(EngineError::InstallFailed { message, .. }) = &prepared {
            *failure = Some(message.clone());
        }
        prepared
    }

    async fn environments(&self) -> Result<Vec<EnvironmentLayer>, EngineError> {
        environments::list(&self.settings.root).map_err(|error| EngineError::of_file("list environments", &error))
    }

    async fn remove_environment(&self, key: &EnvironmentKey) -> Result<(), EngineError> {
        let action = || format!("remove the environment `{key}`");
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let place = EnvironmentPlace::of(&self.settings.root, key)?;
        for name in self.names().map_err(failed)? {
            let used = self.look_at(&name)?.is_some_and(|(kept, phase)| {
                phase != Phase::Exited && matches!(&kept.image, WorkloadImage::Prepared(used) if used == key)
            });
            if used {
                return Err(EngineError::Refused { action: action(), message: format!("`{name}` runs in it") });
            }
        }
        place.stop_installer().await.map_err(failed)?;
        place.remove().await.map_err(failed)
    }

    async fn open_sandbox(&self, _request: &SandboxRequest) -> Result<(), EngineError> {
        Ok(())
    }

    async fn close_sandbox(&self, _name: &SandboxName) -> Result<(), EngineError> {
        Ok(())
    }

    async fn start(&self, workload: &Workload) -> Result<(), EngineError> {
        let action = || format!("start `{}`", workload.name);
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let place = Place::at(std::path::absolute(&workload.directory).map_err(failed)?);
        self.register(workload, &place)?;
        if !matches!(place.standing().map_err(failed)?, Standing::Unbegun) {
            return Ok(());
        }
        let launch = self.launch(workload, &place).await?;
        match supervisor::start(&self.settings.supervisor, &place, &launch).await.map_err(failed)? {
            Answer::Started | Answer::Already => Ok(()),
            Answer::Refused { message } => Err(EngineError::Refused { action: action(), message }),
            Answer::DiskFull { message } => Err(EngineError::DiskFull { message }),
        }
    }

    /// The supervisor writes the log itself, so `log` must be `log` in the workload's directory.
    async fn attend(&self, name: &WorkloadName, log: &Path) -> Result<Exit, EngineError> {
        let action = || format!("run `{name}`");
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let place = self.place(name)?.ok_or_else(|| EngineError::Gone { name: name.clone() })?;
        if std::path::absolute(log).map_err(failed)? != place.log() {
            let message = format!("the log of a process lies at `{}`", place.log().display());
            return Err(EngineError::Refused { action: action(), message });
        }
        match supervisor::ending(&place).await.map_err(failed)? {
            Ending::Told(Outcome::Exited(exit)) => Ok(exit),
            Ending::Told(Outcome::Refused { message }) => Err(EngineError::Refused { action: action(), message }),
            Ending::Told(Outcome::DiskFull { message }) => Err(EngineError::DiskFull { message }),
            Ending::Lost => {
                let message = "its supervisor was killed, and the step with it".to_owned();
                Err(EngineError::Lost { name: name.clone(), message })
            }
            Ending::Unbegun => Err(EngineError::Gone { name: name.clone() }),
        }
    }

    async fn stop(&self, name: &WorkloadName, grace: Duration) -> Result<(), EngineError> {
        let Some(place) = self.place(name)? else { return Ok(()) };
        supervisor::stop(&place, grace).await.map_err(|error| EngineError::of_file(format!("stop `{name}`"), &error))
    }

    async fn copy_out(&self, name: &WorkloadName, path: &str, destination: &Path) -> Result<bool, EngineError> {
        let action = || format!("copy `{path}` out of `{name}`");
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let place = self.place(name)?.ok_or_else(|| EngineError::Gone { name: name.clone() })?;
        // A relative path is meant from where the workload started, and an absolute one replaces that.
        let source = Scratch::of(&self.settings.root, &place).work().join(path);
        let destination = destination.to_owned();
        match off_runtime(move || copy_tree(&source, &destination)).await.map_err(failed)? {
            Copied::Whole => Ok(true),
            Copied::Nothing => Ok(false),
            Copied::Link => {
                let message = "it is a link; write the file itself there".to_owned();
                Err(EngineError::Refused { action: action(), message })
            }
        }
    }

    async fn remove(&self, name: &WorkloadName) -> Result<(), EngineError> {
        let action = || format!("remove `{name}`");
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        let link = self.link(name)?;
        if let Some(place) = self.place(name)? {
            if matches!(self.look_at(name)?, Some((_, Phase::Running))) {
                return Err(EngineError::Refused { action: action(), message: "it is still running".to_owned() });
            }
            let scratch = Scratch::of(&self.settings.root, &place);
            off_runtime(move || scratch.remove().and_then(|()| place.clear())).await.map_err(failed)?;
        }
        // Last: until here the workload is found again.
        ignore_missing(fs_err::remove_file(link)).map_err(failed)
    }

    async fn observe(&self) -> Result<Vec<ObservedWorkload>, EngineError> {
        let names = self.names().map_err(|error| EngineError::of_file("list workloads", &error))?;
        let mut observed = Vec::new();
        for name in names {
            if let Some((Kept { labels, .. }, phase)) = self.look_at(&name)? {
                observed.push(ObservedWorkload { name, labels, phase });
            }
        }
        Ok(observed)
    }

    async fn reclaim(&self, _path: &Path) -> Result<(), EngineError> {
        // What processes write belongs to the user who runs the workbench already.
        Ok(())
    }
}
