//! Prepared environments: virtual environments that an install text was run in once, each kept under its key.
//!
//! The installer is itself supervised like a workload. When the workbench is killed while one runs, the next who
//! asks for the environment waits for the same run.
//!
//! ```text
//!   environments/KEY/venv/              the virtual environment; made in place, since it cannot be moved
//!   environments/KEY/install/           the installer's place while it runs
//!   environments/KEY/environment.json   last: the environment is whole
//! ```

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use coracle_model::{EnvironmentKey, Timestamp};
use fs_err::os::unix::fs::symlink;

use super::ProcessSettings;
use super::command::{Scratch, search_path};
use super::launch::{Answer, Launch, MARKER};
use super::place::{Outcome, Place, Standing, ignore_missing, read_json, write_json};
use super::python::Interpreter;
use super::supervisor::{self, Ending};
use crate::engine::{EngineError, EnvironmentLayer, EnvironmentRequest};
use crate::log::{Keep, LogReader, Only};
use crate::off_runtime;

/// How much of the installer's output a failure tells.
const TOLD_LINES: usize = 15;
const TOLD_BYTES: usize = 4096;

/// Goes on as the installer `$1`, with a pip where the machine's Python has none.
const INSTALL: &str = r#"python3 -c 'import pip' 2>/dev/null || python3 -m ensurepip --default-pip || true
exec sh -c "$1""#;

/// One environment's directory.
#[derive(Debug, Clone)]
pub(super) struct EnvironmentPlace(PathBuf);

impl EnvironmentPlace {
    pub(super) fn of(root: &Path, key: &EnvironmentKey) -> Result<Self, EngineError> {
        // The key becomes the name of a directory.
        if !key.as_str().is_empty() && key.as_str().chars().all(|c| c.is_ascii_alphanumeric()) {
            return Ok(Self(all(root).join(key.as_str())));
        }
        let message = format!("`{key}` is not the key of an environment");
        Err(EngineError::Refused {
            action: "find the environment".to_owned(),
            message,
        })
    }

    pub(super) fn virtual_environment(&self) -> PathBuf {
        self.0.join("venv")
    }

    pub(super) fn layer(&self) -> io::Result<Option<EnvironmentLayer>> {
        read_json(&self.0.join("environment.json"))
    }

    fn install(&self) -> Place {
        Place::at(self.0.join("install"))
    }

    pub(super) async fn remove(&self) -> io::Result<()> {
        let home = self.0.clone();
        off_runtime(move || {
            // First what says that it is whole.
            ignore_missing(fs_err::remove_file(home.join("environment.json")))?;
            ignore_missing(fs_err::remove_dir_all(&home))
        })
        .await
    }

    /// Ends an installer that is still at work.
    pub(super) async fn stop_installer(&self) -> io::Result<()> {
        supervisor::stop(&self.install(), std::time::Duration::ZERO).await
    }
}

fn all(root: &Path) -> PathBuf {
    root.join("environments")
}

/// The environments that are whole, by key.
pub(super) fn list(root: &Path) -> io::Result<Vec<EnvironmentLayer>> {
    let entries = match fs_err::read_dir(all(root)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut layers = Vec::new();
    for entry in entries {
        layers.extend(EnvironmentPlace(entry?.path()).layer()?);
    }
    layers.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(layers)
}

/// Runs the install text, or waits for the run that goes on, and keeps the result.
pub(super) async fn prepare(
    settings: &ProcessSettings,
    interpreter: &Interpreter,
    request: &EnvironmentRequest,
    now: impl Fn() -> Timestamp,
) -> Result<EnvironmentLayer, EngineError> {
    let failed = |error: io::Error| EngineError::of_file("prepare the environment", &error);
    let home = EnvironmentPlace::of(&settings.root, &request.key)?;
    if let Some(layer) = home.layer().map_err(failed)? {
        return Ok(layer);
    }
    if matches!(
        home.install().standing().map_err(failed)?,
        Standing::Unbegun
    ) {
        begin(settings, interpreter, request, &home).await?;
    }
    let ending = supervisor::ending(&home.install()).await.map_err(failed)?;
    keep_log(&home.install().log(), &request.log).map_err(failed)?;
    let outcome = conclude(ending, request);
    Scratch::of(&settings.root, &home.install())
        .remove()
        .map_err(failed)?;
    if let Err(error) = outcome {
        home.remove().await.map_err(failed)?;
        return Err(error);
    }
    let made = home.virtual_environment();
    let layer = EnvironmentLayer {
        key: request.key.clone(),
        base: request.base.to_string(),
        install: request.install.clone(),
        created_at: now(),
        size_bytes: off_runtime(move || size(&made)).await.map_err(failed)?,
    };
    write_json(&home.0.join("environment.json"), &layer).map_err(failed)?;
    ignore_missing(fs_err::remove_dir_all(home.install().directory())).map_err(failed)?;
    Ok(layer)
}

async fn begin(
    settings: &ProcessSettings,
    interpreter: &Interpreter,
    request: &EnvironmentRequest,
    home: &EnvironmentPlace,
) -> Result<(), EngineError> {
    let failed = |error: io::Error| EngineError::of_file("prepare the environment", &error);
    let place = home.install();
    // What an installer left that never began or was killed is no ground to build on.
    home.remove().await.map_err(failed)?;
    fs_err::create_dir_all(place.directory()).map_err(failed)?;
    // The output goes to who asks first, as it comes.
    fs_err::create_dir_all(&request.log).map_err(failed)?;
    std::path::absolute(&request.log)
        .and_then(|log| symlink(log, place.log()))
        .map_err(failed)?;
    let scratch = Scratch::of(&settings.root, &place);
    scratch
        .remove()
        .and_then(|()| scratch.make())
        .map_err(failed)?;
    interpreter
        .make_view(&home.virtual_environment(), None)
        .map_err(failed)?;
    let launch = launch(settings, request, home, &scratch);
    let action = "prepare the environment".to_owned();
    match supervisor::start(&settings.supervisor, &place, &launch)
        .await
        .map_err(failed)?
    {
        Answer::Started | Answer::Already => Ok(()),
        Answer::Refused { message } => Err(EngineError::Refused { action, message }),
        Answer::DiskFull { message } => Err(EngineError::DiskFull { message }),
    }
}

fn launch(
    settings: &ProcessSettings,
    request: &EnvironmentRequest,
    home: &EnvironmentPlace,
    scratch: &Scratch,
) -> Launch {
    let target = home.virtual_environment();
    let mut environment: BTreeMap<_, _> = settings.environment.clone();
    environment.insert(
        "PATH".to_owned(),
        search_path([target.join("bin")], &settings.path),
    );
    environment.insert("VIRTUAL_ENV".to_owned(), target.clone().into());
    environment.insert("TMPDIR".to_owned(), scratch.temporary().into());
    environment.insert("PIP_DISABLE_PIP_VERSION_CHECK".to_owned(), "1".into());
    environment.extend(
        request
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), value.into())),
    );
    environment.insert(MARKER.to_owned(), home.install().directory().into());
    let words = ["sh", "-c", INSTALL, "sh", &request.install];
    Launch {
        program: "/bin/sh".into(),
        command: words.map(str::to_owned).to_vec(),
        environment,
        working_directory: scratch.work(),
        log: home.install().log(),
        keep_log: Keep::All,
        memory_limit: None,
        user: None,
        groups: None,
        no_new_privileges: false,
    }
}

/// Gives the output of an installer that somebody else began to who asks now.
fn keep_log(kept: &Path, asked: &Path) -> io::Result<()> {
    fs_err::create_dir_all(asked)?;
    match fs_err::canonicalize(kept) {
        Ok(kept) if kept == fs_err::canonicalize(asked)? => Ok(()),
        Ok(kept) => crate::log::copy(&kept, asked),
        // Who asked first has removed it; the environment is none the worse.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            crate::log::seal(asked).map_err(io::Error::other)
        }
        Err(error) => Err(error),
    }
}

fn conclude(ending: Ending, request: &EnvironmentRequest) -> Result<(), EngineError> {
    let failed = |message| EngineError::InstallFailed {
        base: request.base.to_string(),
        message,
    };
    match ending {
        Ending::Told(Outcome::Exited(exit)) if exit.code == 0 => Ok(()),
        Ending::Told(Outcome::Exited(exit)) => Err(failed(format!(
            "the installer ended with code {}\n{}",
            exit.code,
            told(&request.log)
        ))),
        Ending::Told(Outcome::Refused { message }) => Err(failed(message)),
        Ending::Told(Outcome::DiskFull { message }) => Err(EngineError::DiskFull { message }),
        Ending::Lost | Ending::Unbegun => {
            Err(failed("the installer was killed; try again".to_owned()))
        }
    }
}

/// The end of the installer's output.
fn told(log: &Path) -> String {
    let tail = || -> Result<Vec<u8>, crate::log::LogError> {
        let mut reader = LogReader::open(log)?.only(Only::Both);
        reader.seek_tail(TOLD_LINES)?;
        reader.read_to_end(TOLD_BYTES)
    };
    match tail() {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim_end().to_owned(),
        Err(error) => format!("(its output cannot be read: {error})"),
    }
}

/// What a directory takes on disk, in bytes.
fn size(directory: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        let metadata = fs_err::symlink_metadata(&path)?;
        total += metadata.blocks() * 512;
        if metadata.is_dir() {
            total += size(&path)?;
        }
    }
    Ok(total)
}
