//! Where everything lies: one data, one cache and one runtime directory, and the names below them.
//!
//! ```text
//! data/     coracle.db  requests.db  workbench.lock  workbench.json
//!           artifacts/{minio,s3,gcs}/<bucket>/<key>
//!           runs/<run id>/<task>/<attempt>/
//!           pods/<uid>/  services/<uid>/routes
//!           volumes/<claim>/data/   logs/   arrivals/
//! cache/    environments/  pushes/
//! runtime/  sockets and what else may go at a restart of the machine
//! ```
//!
//! Which directories these are is decided where the environment is read, not here.

use std::io;
use std::path::{Path, PathBuf};

use coracle_model::{AttemptNumber, RunId, TaskPath};
use fs_err as fs;
use sha2::{Digest, Sha256};

use crate::durable;
use crate::error::StoreError;
use crate::gc::tree_size;

/// The directories of one workbench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    data: PathBuf,
    cache: PathBuf,
    runtime: PathBuf,
}

/// Bytes on disk, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiskUse {
    /// The database with its write-ahead log.
    pub database: u64,
    /// Artifacts.
    pub artifacts: u64,
    /// Attempts' folders, with their logs.
    pub runs: u64,
    /// Persistent volume claims.
    pub volumes: u64,
    /// Prepared environments.
    pub environments: u64,
}

/// How much of a task's path stays readable in the name of its folder. With the hash and the rest, a path
/// below the home stays far from the 255 bytes that a name may have.
const READABLE_LENGTH: usize = 48;

/// Bytes that a home is tried with before it is used.
const PROBE: [u8; 4096] = [0; 4096];

impl Home {
    /// A home of three directories, as XDG has them.
    pub fn new(data: PathBuf, cache: PathBuf, runtime: PathBuf) -> Self {
        Self {
            data,
            cache,
            runtime,
        }
    }

    /// A home with everything below one directory.
    pub fn at(root: &Path) -> Self {
        Self::new(root.join("data"), root.join("cache"), root.join("runtime"))
    }

    /// What may not be lost.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What can be made again.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// What need not outlive a restart of the machine, such as sockets.
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// The SQLite database.
    pub fn database(&self) -> PathBuf {
        self.data.join("coracle.db")
    }

    /// The log of requests to model servers.
    pub fn requests(&self) -> PathBuf {
        self.data.join("requests.db")
    }

    /// The tree that artifacts' URIs map onto.
    pub fn artifacts(&self) -> PathBuf {
        self.data.join("artifacts")
    }

    /// The folders of all runs.
    pub fn runs(&self) -> PathBuf {
        self.data.join("runs")
    }

    /// The folder of one run.
    pub fn run_dir(&self, run: RunId) -> PathBuf {
        self.runs().join(run.to_string())
    }

    /// The folder of one attempt: a readable beginning of the task's path, and a hash that tells it from
    /// all others. It is the same for the same attempt, and safe on every file system and in every mount.
    pub fn attempt_dir(&self, run: RunId, path: &TaskPath, number: AttemptNumber) -> PathBuf {
        self.run_dir(run)
            .join(task_dir_name(path))
            .join(number.to_string())
    }

    /// The directories of pods, one a uid.
    pub fn pods(&self) -> PathBuf {
        self.data.join("pods")
    }

    /// The directory of one pod: its volumes but for claims, and the logs of its containers.
    pub fn pod_dir(&self, uid: &str) -> PathBuf {
        self.pods().join(uid)
    }

    /// The directories of Services, one a uid.
    pub fn services(&self) -> PathBuf {
        self.data.join("services")
    }

    /// The directory of one Service: the routes of what stands for it.
    pub fn service_dir(&self, uid: &str) -> PathBuf {
        self.services().join(uid)
    }

    /// The folders of all persistent volume claims.
    pub fn volumes(&self) -> PathBuf {
        self.data.join("volumes")
    }

    /// The folders of the claims of a namespace other than `default`.
    pub(crate) fn namespace_volumes(&self, namespace: &str) -> PathBuf {
        self.namespace_dir(namespace).join("volumes")
    }

    /// What is kept of a namespace other than `default`.
    pub(crate) fn namespace_dir(&self, namespace: &str) -> PathBuf {
        self.data.join("namespaces").join(namespace)
    }

    /// The directory that is mounted for one claim. Only [`Volumes`](crate::Volumes) makes and removes it.
    pub fn volume(&self, name: &str) -> PathBuf {
        self.volumes().join(name).join("data")
    }

    /// The file whose lock says that a workbench uses this home.
    pub fn lock_file(&self) -> PathBuf {
        self.data.join("workbench.lock")
    }

    /// The file that says where that workbench can be reached. It lies with the data, not in the runtime
    /// directory: a client in another login session has another runtime directory, but the same data.
    pub fn server_file(&self) -> PathBuf {
        self.data.join("workbench.json")
    }

    /// Prepared environments.
    pub fn environments(&self) -> PathBuf {
        self.cache.join("environments")
    }

    /// What pushes of images left behind, and layers on their way to a registry. It can be removed.
    pub fn pushes(&self) -> PathBuf {
        self.cache.join("pushes")
    }

    /// Artifacts of a run that is being brought here, before they are put in their places: on the same file system as those. What is
    /// there while nothing is brought is left over.
    pub fn arrivals(&self) -> PathBuf {
        self.data.join("arrivals")
    }

    /// The workbench's own logs.
    pub fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// Makes the directories, for this user alone, and tries whether they can be written.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] and [`StoreError::DiskFull`] with the path that cannot be used.
    pub fn prepare(&self) -> Result<(), StoreError> {
        let directories = [
            self.data.clone(),
            self.artifacts(),
            self.runs(),
            self.volumes(),
            self.logs(),
            self.cache.clone(),
            self.environments(),
            self.runtime.clone(),
        ];
        for directory in &directories {
            durable::make_private_dir(directory)
                .map_err(|error| StoreError::disk("make", directory, error))?;
        }
        probe(&self.data).map_err(|error| StoreError::disk("write in", &self.data, error))
    }

    /// Adds up what lies on disk. Reads every directory, which takes seconds for millions of files.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn disk_use(&self) -> Result<DiskUse, StoreError> {
        let size =
            |path: &Path| tree_size(path).map_err(|error| StoreError::disk("measure", path, error));
        let database = self.database();
        let beside = |ending: &str| PathBuf::from(format!("{}{ending}", database.display()));
        Ok(DiskUse {
            database: size(&database)? + size(&beside("-wal"))? + size(&beside("-shm"))?,
            artifacts: size(&self.artifacts())?,
            runs: size(&self.runs())?,
            volumes: size(&self.volumes())?,
            environments: size(&self.environments())?,
        })
    }
}

/// A full disk still makes directories and empty files, so it takes some bytes to find out.
fn probe(directory: &Path) -> io::Result<()> {
    let path = directory.join(durable::unfinished_name());
    let written = fs::write(&path, PROBE);
    let removed = fs::remove_file(&path);
    written.and(removed)
}

fn task_dir_name(path: &TaskPath) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            c
        } else {
            '.'
        }
    };
    let readable: String = path
        .as_str()
        .chars()
        .map(safe)
        .take(READABLE_LENGTH)
        .collect();
    let readable = readable.trim_matches('.');
    let readable = if readable.is_empty() {
        "root"
    } else {
        readable
    };
    let hash = hex::encode(&Sha256::digest(path.as_str().as_bytes())[..6]);
    format!("{readable}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn directories_are_private() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(&root.path().join("deep/home"));
        home.prepare().unwrap();
        home.prepare().unwrap();
        for directory in [
            home.data().to_owned(),
            home.artifacts(),
            home.environments(),
        ] {
            assert_eq!(
                fs::metadata(&directory).unwrap().permissions().mode() & 0o777,
                0o700,
                "{directory:?}"
            );
        }
        let left: Vec<_> = fs::read_dir(home.data())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(
            left.iter()
                .all(|name| !name.to_string_lossy().starts_with(durable::UNFINISHED)),
            "{left:?}"
        );
    }

    #[test]
    fn a_path_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let error = Home::at(&root.path().join("file")).prepare().unwrap_err();
        assert!(error.to_string().contains("file/data"), "{error}");
    }

    #[test]
    fn attempts_of_alike_tasks_do_not_share_a_folder() {
        let home = Home::at(Path::new("/h"));
        let run = RunId::random();
        let dir = |path: &str, number| {
            home.attempt_dir(run, &TaskPath::from(path), AttemptNumber(number))
        };
        assert_ne!(dir("a/b", 1), dir("a.b", 1));
        assert_ne!(dir("a", 1), dir("a", 2));
        assert_ne!(dir("loop[1]/a", 1), dir("loop[11]/a", 1));
        assert_eq!(dir("a", 1), dir("a", 1));
    }

    proptest! {
        #[test]
        fn attempt_folders_are_safe_and_short(text in ".{0,400}", number: u32) {
            let run = RunId::random();
            let home = Home::at(Path::new("/h"));
            let dir = home.attempt_dir(run, &TaskPath::from(text.as_str()), AttemptNumber(number));
            let below = dir.strip_prefix(home.run_dir(run)).unwrap().to_str().unwrap().to_owned();
            let names: Vec<&str> = below.split('/').collect();
            prop_assert_eq!(names.len(), 2);
            prop_assert!(names[0].len() < 70);
            prop_assert!(names[0].chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
            prop_assert!(!names[0].starts_with('.'));
        }
    }
}
