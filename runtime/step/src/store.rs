//! The volume that all pods of a run see: the run's file, what came of its tasks, and artifacts.
//!
//! ```text
//!   runs/<run>/run.json         the run
//!   runs/<run>/tasks/<hash>     the record of a task that ended
//!   artifacts/minio/<key>       an artifact, by its URI
//! ```
//!
//! A file is written beside its place and moved there, so that a reader sees all of it or nothing.

use std::io;
use std::path::{Path, PathBuf};

use coracle_model::{RunId, TaskPath, TaskRecord};
use coracle_spec::executor::LocalPaths;
use sha2::{Digest, Sha256};

use crate::run_file::RunFile;
use crate::tree;

/// The part of a store that belongs to a run, and the artifacts of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    run: PathBuf,
    artifacts: PathBuf,
}

/// Why the store is of no use.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("the run's volume cannot be used")]
    Disk(#[from] io::Error),
    /// A file holds something else than it should.
    #[error("`{}` on the run's volume is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

impl Store {
    /// The store of a run in a folder.
    pub fn new(folder: &Path, run: RunId) -> Self {
        Self {
            run: folder.join("runs").join(run.to_string()),
            artifacts: folder.join("artifacts"),
        }
    }

    /// Writes the run's file; what is there of an earlier try is replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_run(&self, file: &RunFile) -> Result<(), StoreError> {
        tree::make(&self.run.join("tasks"))?;
        tree::make(&self.artifacts)?;
        write_json(&self.run.join("run.json"), file)
    }

    /// The run's file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn run(&self) -> Result<RunFile, StoreError> {
        read_json(&self.run.join("run.json"))
    }

    /// Writes what came of a task.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_record(&self, record: &TaskRecord) -> Result<(), StoreError> {
        write_json(&self.record_file(&record.path), record)
    }

    /// What came of the tasks that have ended.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn records(&self) -> Result<Vec<TaskRecord>, StoreError> {
        let mut records = Vec::new();
        for entry in fs_err::read_dir(self.run.join("tasks"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                records.push(read_json(&path)?);
            }
        }
        Ok(records)
    }

    /// Copies an artifact's bytes to where they are expected inside the pod. Nothing when the store has none.
    ///
    /// # Errors
    /// When they cannot be copied.
    pub fn fetch(&self, uri: &str, target: &Path) -> Result<(), StoreError> {
        match self.place(uri) {
            Some(place) if place.exists() => Ok(tree::copy(&place, target)?),
            Some(_) | None => Ok(()),
        }
    }

    /// Keeps an artifact's bytes. Nothing when it has none: a step need not make all its artifacts.
    ///
    /// # Errors
    /// When they cannot be copied.
    pub fn keep(&self, uri: &str, source: &Path) -> Result<(), StoreError> {
        let Some(place) = self.place(uri).filter(|_| source.exists()) else {
            return Ok(());
        };
        // Who reads it meanwhile has all of what was there, or all of what is.
        let beside = |what: &str| place.with_file_name(format!(".{what}-{}", RunId::random()));
        let (new, old) = (beside("new"), beside("old"));
        tree::copy(source, &new)?;
        if place.exists() {
            fs_err::rename(&place, &old)?;
            fs_err::rename(&new, &place)?;
            return Ok(tree::remove(&old)?);
        }
        Ok(fs_err::rename(&new, &place)?)
    }

    /// Where the bytes of a URI are kept; nowhere when it is none that maps onto a folder.
    fn place(&self, uri: &str) -> Option<PathBuf> {
        let mapped = LocalPaths::Mounted.path_of_uri(uri);
        let climbs = mapped.split('/').any(|segment| segment == "..");
        let below = mapped
            .strip_prefix('/')
            .filter(|_| mapped != uri && !climbs)?;
        Some(self.artifacts.join(below))
    }

    fn record_file(&self, path: &TaskPath) -> PathBuf {
        let name = hex::encode(&Sha256::digest(path.as_str())[..16]);
        self.run.join("tasks").join(format!("{name}.json"))
    }
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), StoreError> {
    let text = serde_json::to_vec(value).map_err(|source| StoreError::Damaged {
        path: path.to_path_buf(),
        source,
    })?;
    let beside = path.with_extension(format!("new-{}", RunId::random()));
    fs_err::write(&beside, text)?;
    Ok(fs_err::rename(&beside, path)?)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let bytes = fs_err::read(path)?;
    serde_json::from_slice(&bytes).map_err(|source| StoreError::Damaged {
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_kept_by_their_uri() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), RunId::random());
        let source = folder.path().join("made");
        fs_err::create_dir_all(source.join("deep")).unwrap();
        fs_err::write(source.join("deep/file"), "bytes").unwrap();
        store.keep("minio://bucket/key", &source).unwrap();
        let target = folder.path().join("elsewhere/found");
        store.fetch("minio://bucket/key", &target).unwrap();
        let found = fs_err::read_to_string(target.join("deep/file")).unwrap();
        assert_eq!(found, "bytes");
        for nowhere in ["https://a/b", "/a/b", "minio://../../b", "minio://none"] {
            let target = folder.path().join("nothing");
            store.fetch(nowhere, &target).unwrap();
            assert!(!target.exists(), "{nowhere}");
        }
        store
            .keep("minio://bucket/absent", Path::new("/nowhere"))
            .unwrap();
    }
}
