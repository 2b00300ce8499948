//! What all pods of a run see: the run's file, what came of its tasks, and artifacts; on a volume, or in a bucket.
//!
//! ```text
//!   runs/<run>/run.json             the run
//!   runs/<run>/tasks/<hash>.json    the record of a task that ended
//!   artifacts/minio/<key>           an artifact, by its URI
//! ```
//!
//! Who reads a file has all of what was there, or all of what is; on a volume that holds for a folder as well.

mod bucket;
mod folder;
mod place;

use std::io;
use std::path::Path;

use coracle_bucket::BucketError;
use coracle_model::{Failure, FailureCode, RunId, TaskRecord};
use coracle_spec::executor::LocalPaths;
use sha2::{Digest, Sha256};

use self::bucket::InBucket;
use self::folder::InFolder;
pub use self::place::{BucketPlace, Place};
use crate::judge::fault;
use crate::run_file::RunFile;

/// The part of a store that belongs to a run, and the artifacts of all of them.
#[derive(Debug, Clone)]
pub struct Store {
    run: RunId,
    files: Files,
}

/// Where the files are, each by a key such as `runs/<run>/run.json`.
#[derive(Debug, Clone)]
enum Files {
    Folder(InFolder),
    Bucket(Box<InBucket>),
}

/// Why the store is of no use.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("the run's volume cannot be used")]
    Disk(#[from] io::Error),
    /// An object cannot be read or written.
    #[error("the run's bucket cannot be used")]
    Bucket(#[from] BucketError),
    /// A file holds something else than it should.
    #[error("`{file}` of the run's store is damaged")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The name of an object is none of a file.
    #[error("`{key}` in the run's bucket cannot be a file: it leads out of its folder")]
    Climbs {
        /// The object's key.
        key: String,
    },
}

impl StoreError {
    /// What it is to a step that it kept from its end.
    pub(crate) fn failure(&self) -> Failure {
        let failure = fault(self);
        match self.is_full() {
            true => Failure {
                code: FailureCode::DiskFull,
                ..failure
            },
            false => failure,
        }
    }

    fn is_full(&self) -> bool {
        match self {
            Self::Disk(error) => matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            ),
            Self::Bucket(error) => matches!(error, BucketError::Full { .. }),
            Self::Damaged { .. } | Self::Climbs { .. } => false,
        }
    }
}

impl Store {
    /// The store of a run.
    ///
    /// # Errors
    /// When the place is none of a store.
    pub fn open(place: &Place, run: RunId) -> Result<Self, StoreError> {
        Ok(Self {
            run,
            files: match place {
                Place::Folder(folder) => Files::Folder(InFolder::new(folder)),
                Place::Bucket(bucket) => Files::Bucket(Box::new(InBucket::new(bucket)?)),
            },
        })
    }

    /// Writes the run's file; what is there of an earlier try is replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_run(&self, file: &RunFile) -> Result<(), StoreError> {
        if let Files::Folder(files) = &self.files {
            files.prepare(&self.tasks())?;
        }
        self.write(&self.key("run.json"), file)
    }

    /// The run's file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn run(&self) -> Result<RunFile, StoreError> {
        self.read(&self.key("run.json"))
    }

    /// Writes what came of a task.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_record(&self, record: &TaskRecord) -> Result<(), StoreError> {
        let name = hex::encode(&Sha256::digest(record.path.as_str())[..16]);
        self.write(&format!("{}/{name}.json", self.tasks()), record)
    }

    /// What came of the tasks that have ended.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn records(&self) -> Result<Vec<TaskRecord>, StoreError> {
        let keys = match &self.files {
            Files::Folder(files) => files.list(&self.tasks())?,
            Files::Bucket(files) => files.list(&self.tasks())?,
        };
        keys.iter()
            .filter(|key| key.ends_with(".json"))
            .map(|key| self.read(key))
            .collect()
    }

    /// Copies an artifact's bytes to where they are expected inside the pod. Nothing when the store has none.
    ///
    /// # Errors
    /// When they cannot be copied.
    pub fn fetch(&self, uri: &str, target: &Path) -> Result<(), StoreError> {
        match (&self.files, self.key_of(uri)) {
            (_, None) => Ok(()),
            (Files::Folder(files), Some(key)) => Ok(files.fetch(&key, target)?),
            (Files::Bucket(files), Some(key)) => files.fetch(&key, target),
        }
    }

    /// Keeps an artifact's bytes, and returns their [`coracle_carry::digest`]. Nothing when it has none: a step need not make all its
    /// artifacts.
    ///
    /// # Errors
    /// When they cannot be copied.
    pub fn keep(&self, uri: &str, source: &Path) -> Result<Option<String>, StoreError> {
        let Some(key) = self.key_of(uri).filter(|_| source.exists()) else {
            return Ok(None);
        };
        match &self.files {
            Files::Folder(files) => files.keep(&key, source)?,
            Files::Bucket(files) => {
                let id = self.run.to_string();
                let is_of_the_run = uri.split('/').any(|part| part == id);
                files.keep(&key, source, is_of_the_run)?;
            }
        }
        // It is kept whether or not it can be told in one word what it is: a name that is no text has none.
        Ok(coracle_carry::digest(source).ok())
    }

    /// The key of something of the run's.
    fn key(&self, name: &str) -> String {
        format!("runs/{}/{name}", self.run)
    }

    fn tasks(&self) -> String {
        self.key("tasks")
    }

    /// Where the bytes of a URI are kept; nowhere when it is none that maps onto a folder.
    pub(crate) fn key_of(&self, uri: &str) -> Option<String> {
        let mapped = LocalPaths::Mounted.path_of_uri(uri);
        let climbs = mapped.split('/').any(|segment| segment == "..");
        let below = mapped
            .strip_prefix('/')
            .filter(|_| mapped != uri && !climbs)?;
        match &self.files {
            Files::Folder(_) => Some(format!("artifacts/{below}")),
            Files::Bucket(files) => Some(files.key_of(uri, below)),
        }
    }

    fn write(&self, key: &str, value: &impl serde::Serialize) -> Result<(), StoreError> {
        let text = serde_json::to_vec(value).map_err(|source| damaged(key, source))?;
        match &self.files {
            Files::Folder(files) => Ok(files.write(key, &text)?),
            Files::Bucket(files) => Ok(files.write(key, &text)?),
        }
    }

    fn read<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, StoreError> {
        let bytes = match &self.files {
            Files::Folder(files) => files.read(key)?,
            Files::Bucket(files) => files.read(key)?,
        };
        serde_json::from_slice(&bytes).map_err(|source| damaged(key, source))
    }
}

fn damaged(key: &str, source: serde_json::Error) -> StoreError {
    StoreError::Damaged {
        file: key.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_kept_by_their_uri() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Folder(folder.path().to_path_buf());
        let store = Store::open(&place, RunId::random()).unwrap();
        let source = folder.path().join("made");
        fs_err::create_dir_all(source.join("deep")).unwrap();
        fs_err::write(source.join("deep/file"), "bytes").unwrap();
        let kept = store.keep("minio://bucket/key", &source).unwrap();
        assert_eq!(kept, Some(coracle_carry::digest(&source).unwrap()));
        let target = folder.path().join("elsewhere/found");
        store.fetch("minio://bucket/key", &target).unwrap();
        let found = fs_err::read_to_string(target.join("deep/file")).unwrap();
        assert_eq!(found, "bytes");
        for nowhere in ["https://a/b", "/a/b", "minio://../../b", "minio://none"] {
            let target = folder.path().join("nothing");
            store.fetch(nowhere, &target).unwrap();
            assert!(!target.exists(), "{nowhere}");
        }
        let kept = store.keep("minio://bucket/absent", Path::new("/nowhere"));
        assert_eq!(kept.unwrap(), None);
    }

    #[test]
    fn what_has_no_room_is_a_full_disk_to_a_step() {
        let full = StoreError::Disk(io::ErrorKind::StorageFull.into());
        assert_eq!(full.failure().code, FailureCode::DiskFull);
        let full = StoreError::Bucket(BucketError::Full {
            key: "k".to_owned(),
            code: "QuotaExceeded".to_owned(),
        });
        assert_eq!(full.failure().code, FailureCode::DiskFull);
        assert!(full.failure().message.contains("no room"));
        let other = StoreError::Disk(io::ErrorKind::NotFound.into());
        assert_eq!(other.failure().code, FailureCode::Internal);
    }
}
