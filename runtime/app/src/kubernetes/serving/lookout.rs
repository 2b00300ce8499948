//! Who waits until the files of models may have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use coracle_host::Watched;
use futures_util::FutureExt as _;
use futures_util::future::{pending, select_all};

/// The directories that are watched.
#[derive(Default)]
pub(super) struct Lookout {
    watched: BTreeMap<PathBuf, Place>,
}

/// A directory that is watched.
struct Place {
    inode: Inode,
    watched: Watched,
}

/// The device and the number of a directory: one that was put in the place of another has another.
type Inode = (u64, u64);

impl Lookout {
    /// Watches these directories from now on, as far as they are there, and no others. Whether one of them was not watched before: what
    /// changed in it until now was not noticed.
    pub(super) fn watch(&mut self, directories: BTreeSet<PathBuf>) -> bool {
        self.watched
            .retain(|directory, _| directories.contains(directory));
        let mut is_new = false;
        for directory in directories {
            let Some(inode) = inode(&directory) else {
                self.watched.remove(&directory);
                continue;
            };
            let stands = self.watched.get(&directory);
            if stands.is_some_and(|place| place.inode == inode) {
                continue;
            }
            match Watched::new(&directory) {
                Ok(watched) => {
                    self.watched.insert(directory, Place { inode, watched });
                    is_new = true;
                }
                Err(error) => {
                    tracing::debug!(%error, directory = %directory.display(), "models there are not watched");
                }
            }
        }
        is_new
    }

    /// Waits until something changes in one of them. Cancel-safe.
    pub(super) async fn changed(&mut self) {
        if self.watched.is_empty() {
            return pending().await;
        }
        let changes = self.watched.values_mut();
        select_all(changes.map(|place| place.watched.changed().boxed())).await;
    }
}

/// None of what is no directory.
fn inode(directory: &Path) -> Option<Inode> {
    let metadata = fs_err::metadata(directory).ok()?;
    metadata.is_dir().then(|| (metadata.dev(), metadata.ino()))
}
