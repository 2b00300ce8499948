//! A store in a folder: a volume that all pods of a run mount.
//!
//! A file is written beside its place and moved there.

use std::io;
use std::path::{Path, PathBuf};

use coracle_model::RunId;

use crate::tree;

#[derive(Debug, Clone)]
pub(super) struct InFolder {
    folder: PathBuf,
}

impl InFolder {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
        }
    }

    /// Makes what every pod of the run finds.
    pub(super) fn prepare(&self, tasks: &str) -> io::Result<()> {
        tree::make(&self.folder.join(tasks))?;
        tree::make(&self.folder.join("artifacts"))
    }

    pub(super) fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.folder.join(key);
        let beside = path.with_extension(format!("new-{}", RunId::random()));
        fs_err::write(&beside, bytes)?;
        fs_err::rename(&beside, &path)
    }

    pub(super) fn read(&self, key: &str) -> io::Result<Vec<u8>> {
        fs_err::read(self.folder.join(key))
    }

    /// The keys right below one.
    pub(super) fn list(&self, key: &str) -> io::Result<Vec<String>> {
        let entries = fs_err::read_dir(self.folder.join(key))?;
        let name = |entry: io::Result<fs_err::DirEntry>| {
            Ok(format!("{key}/{}", entry?.file_name().to_string_lossy()))
        };
        entries.map(name).collect()
    }

    pub(super) fn fetch(&self, key: &str, target: &Path) -> io::Result<()> {
        let place = self.folder.join(key);
        match place.exists() {
            true => tree::copy(&place, target),
            false => Ok(()),
        }
    }

    pub(super) fn keep(&self, key: &str, source: &Path) -> io::Result<()> {
        let place = self.folder.join(key);
        let beside = |what: &str| place.with_file_name(format!(".{what}-{}", RunId::random()));
        let (new, old) = (beside("new"), beside("old"));
        tree::copy(source, &new)?;
        if place.exists() {
            fs_err::rename(&place, &old)?;
            fs_err::rename(&new, &place)?;
            return tree::remove(&old);
        }
        fs_err::rename(&new, &place)
    }
}
