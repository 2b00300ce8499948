//! The files of one workload: what the engine and the supervisor leave for each other and for whoever comes
//! after a crash.
//!
//! ```text
//!   workload.json     the engine, first     name, labels, image: what `observe` tells
//!   supervisor.lock   the supervisor        held as long as it lives: one supervisor, ever
//!   supervisor.json   the supervisor        who it is, written before the command starts
//!   supervisor.log    the supervisor        what it has to say when it fails
//!   stop              the engine            how long the workload may take to end
//!   sessions          the engine            a session started a program, which is to end with the workload
//!   exit.json         the supervisor, last  how it ended
//! ```

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::os::unix::fs::OpenOptionsExt;
use fs_err::{File, OpenOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::tree::Identity;
use crate::engine::{Exit, Workload, WorkloadImage, WorkloadName};

/// The version of these files.
const VERSION: u32 = 1;

/// Room kept for `exit.json`, so that a full disk cannot keep the end from being told.
const EXIT_ROOM: usize = 4096;

/// What is remembered of a workload; its environment is not, for it may hold secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) name: WorkloadName,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) image: WorkloadImage,
    /// Where it starts, when not in a directory of its own.
    #[serde(default)]
    pub(super) working_dir: Option<PathBuf>,
}

impl Kept {
    pub(super) fn of(workload: &Workload) -> Self {
        Self {
            name: workload.name.clone(),
            labels: workload.labels.clone(),
            image: workload.image.clone(),
            working_dir: workload.working_dir.as_ref().map(PathBuf::from),
        }
    }
}

/// How a supervised command ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Exited(Exit),
    Refused { message: String },
    DiskFull { message: String },
}

impl Outcome {
    /// What an error of the supervisor's own files makes of the workload.
    pub(super) fn of_error(error: &io::Error) -> Self {
        let message = error.to_string();
        if is_disk_full(error) {
            Self::DiskFull { message }
        } else {
            Self::Refused { message }
        }
    }
}

/// Whether an error says that no room is left.
pub(super) fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    content: T,
}

/// Where a workload stands, by its files.
#[derive(Debug)]
pub(super) enum Standing {
    /// Nothing was started.
    Unbegun,
    /// A supervisor was started; whether it lives is for [`Identity::open`] to say.
    Begun(Identity),
    /// It ended.
    Ended(Outcome),
}

/// The directory of one workload.
#[derive(Debug, Clone)]
pub(super) struct Place {
    directory: PathBuf,
}

impl Place {
    pub(super) fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    pub(super) fn supervisor_log(&self) -> PathBuf {
        self.directory.join("supervisor.log")
    }

    pub(super) fn standing(&self) -> io::Result<Standing> {
        // The supervisor's mark is read first: when its end is not written then, it may be afterwards.
        let supervisor = self.read("supervisor.json")?;
        Ok(match (self.read("exit.json")?, supervisor) {
            (Some(outcome), _) => Standing::Ended(outcome),
            (None, Some(identity)) => Standing::Begun(identity),
            (None, None) => Standing::Unbegun,
        })
    }

    pub(super) fn keep(&self, kept: &Kept) -> io::Result<()> {
        self.write("workload.json", kept)
    }

    pub(super) fn kept(&self) -> io::Result<Option<Kept>> {
        self.read("workload.json")
    }

    /// Claims this place for the calling supervisor as long as the file is open; none when another has it.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        let options = || {
            OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .to_owned()
        };
        let lock = options().open(self.directory.join("supervisor.lock"))?;
        match lock.file().try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    pub(super) fn write_supervisor(&self, identity: Identity) -> io::Result<()> {
        self.write("supervisor.json", &identity)
    }

    pub(super) fn write_stop(&self, grace: Duration) -> io::Result<()> {
        self.write(
            "stop",
            &u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
        )
    }

    /// How long the workload may take to end; none when nobody asked it to.
    pub(super) fn stop(&self) -> io::Result<Option<Duration>> {
        Ok(self.read("stop")?.map(Duration::from_millis))
    }

    pub(super) fn write_sessions(&self) -> io::Result<()> {
        self.write("sessions", &true)
    }

    /// Whether programs may run here that the supervisor did not start.
    pub(super) fn had_sessions(&self) -> bool {
        self.directory.join("sessions").exists()
    }

    /// Takes the room that `exit.json` will need.
    pub(super) fn reserve_exit(&self) -> io::Result<ReservedExit> {
        let path = self.directory.join("exit.json.new");
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        file.file().write_all_at(&[b' '; EXIT_ROOM], 0)?;
        Ok(ReservedExit {
            file,
            target: self.directory.join("exit.json"),
        })
    }

    /// Removes everything here but the log.
    pub(super) fn clear(&self) -> io::Result<()> {
        let names = [
            "stop",
            "sessions",
            "supervisor.log",
            "supervisor.lock",
            "exit.json.new",
            "supervisor.json",
            "exit.json",
        ];
        for name in names.into_iter().chain(["workload.json"]) {
            ignore_missing(fs_err::remove_file(self.directory.join(name)))?;
        }
        Ok(())
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        read_json(&self.directory.join(name))
    }

    fn write(&self, name: &str, content: &impl Serialize) -> io::Result<()> {
        write_json(&self.directory.join(name), content)
    }
}

/// The room of an `exit.json` that is not written yet.
#[derive(Debug)]
pub(super) struct ReservedExit {
    file: File,
    target: PathBuf,
}

impl ReservedExit {
    /// Tells the end. What stays of the room is white space.
    pub(super) fn write(self, outcome: &Outcome) -> io::Result<()> {
        let bytes = serde_json::to_vec(&Versioned {
            version: VERSION,
            content: outcome,
        })?;
        self.file.file().write_all_at(&bytes, 0)?;
        fs_err::rename(self.file.path(), &self.target)
    }
}

/// Reads a file of ours; none when it is not there.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let bytes = match fs_err::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let broken = |message: String| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("`{}` {message}", path.display()),
        )
    };
    let Versioned { version, content } =
        serde_json::from_slice::<Versioned<serde_json::Value>>(&bytes)
            .map_err(|error| broken(format!("is broken: {error}")))?;
    if version != VERSION {
        return Err(broken(format!(
            "has version {version}; this program reads version {VERSION}"
        )));
    }
    serde_json::from_value(content)
        .map(Some)
        .map_err(|error| broken(format!("is broken: {error}")))
}

/// Writes a file of ours so that it is there whole or not at all, readable by nobody else.
pub(super) fn write_json(path: &Path, content: &impl Serialize) -> io::Result<()> {
    let bytes = serde_json::to_vec(&Versioned {
        version: VERSION,
        content,
    })?;
    let new = path.with_added_extension("new");
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.file().write_all_at(&bytes, 0)?;
    fs_err::rename(new, path)
}

/// Takes "it was not there" for done.
pub(super) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(()) | Err(_) => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_claimed_once() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::at(directory.path());
        let held = place.lock().unwrap();
        assert!(held.is_some());
        assert!(place.lock().unwrap().is_none());
        drop(held);
        assert!(place.lock().unwrap().is_some());
    }

    #[test]
    fn the_end_is_told_in_the_room_that_was_kept() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::at(directory.path());
        let reserved = place.reserve_exit().unwrap();
        assert!(matches!(place.standing().unwrap(), Standing::Unbegun));
        place.write_supervisor(Identity::own().unwrap()).unwrap();
        assert!(matches!(place.standing().unwrap(), Standing::Begun(_)));
        let outcome = Outcome::Refused {
            message: "no".to_owned(),
        };
        reserved.write(&outcome).unwrap();
        assert!(matches!(place.standing().unwrap(), Standing::Ended(ended) if ended == outcome));
        assert_eq!(
            fs_err::metadata(directory.path().join("exit.json"))
                .unwrap()
                .len(),
            EXIT_ROOM as u64
        );
    }

    #[test]
    fn a_file_of_another_version_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(
            directory.path().join("stop"),
            br#"{"version": 7, "content": 1}"#,
        )
        .unwrap();
        let error = Place::at(directory.path()).stop().unwrap_err();
        assert!(error.to_string().contains("version 7"), "{error}");
    }
}
