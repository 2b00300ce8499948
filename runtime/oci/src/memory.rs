//! What is remembered between pushes, in a small file: uploads that broke off, and which repository has which layer.
//!
//! Nothing depends on it. Without it a layer is sent again where it could have been gone on with, or taken from a neighbour.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::destination::Destination;
use crate::digest::Digest;

/// The form of the file; another one is not read.
const VERSION: u32 = 1;

/// How much is remembered of each kind; what goes first is of no order.
const MOST: usize = 10_000;

/// What is remembered between pushes.
#[derive(Debug)]
pub struct Memory {
    file: Option<PathBuf>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    version: u32,
    /// The locations of uploads that are under way, by registry, repository and digest.
    uploads: BTreeMap<String, String>,
    /// A repository that has a layer, by registry and digest.
    layers: BTreeMap<String, String>,
}

impl Memory {
    /// What a file has of earlier pushes; nothing where there is none, or one that cannot be read.
    pub fn open(file: &Path) -> Self {
        let read = fs_err::read(file).ok();
        let kept = read.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        Self {
            file: Some(file.to_owned()),
            kept: Mutex::new(
                kept.filter(|kept| kept.version == VERSION)
                    .unwrap_or_default(),
            ),
        }
    }

    /// One that lasts as long as this value.
    pub fn forgetful() -> Self {
        Self {
            file: None,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn upload(&self, to: &Destination, digest: &Digest) -> Option<String> {
        self.kept().uploads.get(&upload_key(to, digest)).cloned()
    }

    pub(crate) fn keep_upload(&self, to: &Destination, digest: &Digest, location: &str) {
        self.change(|kept| keep(&mut kept.uploads, upload_key(to, digest), location));
    }

    pub(crate) fn forget_upload(&self, to: &Destination, digest: &Digest) {
        self.change(|kept| kept.uploads.remove(&upload_key(to, digest)).is_some());
    }

    /// A repository of the same registry that has a layer, other than the one that it goes to.
    pub(crate) fn neighbour(&self, to: &Destination, digest: &Digest) -> Option<String> {
        let found = self.kept().layers.get(&layer_key(to, digest)).cloned();
        found.filter(|repository| repository != to.repository())
    }

    pub(crate) fn keep_layer(&self, to: &Destination, digest: &Digest) {
        self.change(|kept| keep(&mut kept.layers, layer_key(to, digest), to.repository()));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the file anew when something has changed.
    fn change(&self, change: impl FnOnce(&mut Kept) -> bool) {
        let mut kept = self.kept();
        if !change(&mut kept) {
            return;
        }
        kept.version = VERSION;
        let Some(file) = &self.file else { return };
        if let Err(error) = write(file, &kept) {
            tracing::warn!(%error, "what was pushed is not remembered");
        }
    }
}

/// Whether something changed by it.
fn keep(map: &mut BTreeMap<String, String>, key: String, value: &str) -> bool {
    if map.len() >= MOST && !map.contains_key(&key) {
        map.pop_first();
    }
    map.insert(key, value.to_owned()).as_deref() != Some(value)
}

/// Beside the file first, so that half of it is never read; for its owner alone, as temporary files are.
fn write(file: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder)?;
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(&serde_json::to_vec(kept)?)?;
    beside.persist(file).map_err(|error| error.error)?;
    Ok(())
}

fn upload_key(to: &Destination, digest: &Digest) -> String {
    format!("{}/{} {digest}", to.registry(), to.repository())
}

fn layer_key(to: &Destination, digest: &Digest) -> String {
    format!("{} {digest}", to.registry())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_there_for_who_opens_the_file_next() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below").join("pushes.json");
        let (one, other): (Destination, Destination) =
            ("r.io/a:1".parse().unwrap(), "r.io/b:1".parse().unwrap());
        let elsewhere: Destination = "s.io/b:1".parse().unwrap();
        let digest = Digest::of(b"x");
        let memory = Memory::open(&file);
        memory.keep_upload(&one, &digest, "/v2/a/blobs/uploads/1");
        memory.keep_layer(&one, &digest);
        let memory = Memory::open(&file);
        assert_eq!(
            memory.upload(&one, &digest).as_deref(),
            Some("/v2/a/blobs/uploads/1")
        );
        assert_eq!(memory.upload(&other, &digest), None);
        assert_eq!(memory.neighbour(&other, &digest).as_deref(), Some("a"));
        assert_eq!(memory.neighbour(&one, &digest), None);
        assert_eq!(memory.neighbour(&elsewhere, &digest), None);
        memory.forget_upload(&one, &digest);
        assert_eq!(Memory::open(&file).upload(&one, &digest), None);
    }

    #[test]
    fn a_file_of_another_form_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pushes.json");
        let to: Destination = "r.io/a:1".parse().unwrap();
        for text in ["", "[]", r#"{"version": 2, "uploads": {}, "layers": {}}"#] {
            fs_err::write(&file, text).unwrap();
            let memory = Memory::open(&file);
            memory.keep_layer(&to, &Digest::of(b"x"));
            assert!(
                fs_err::read_to_string(&file)
                    .unwrap()
                    .contains("\"version\":1"),
                "{text}"
            );
        }
    }
}
