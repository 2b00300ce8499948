//! The files of an artifact that is a folder.

use std::path::{Path, PathBuf};

use coracle_model::ArtifactId;
use fs_err as fs;

use super::list::stored;
use super::place::{Below, Opened, Place, unreadable};
use crate::error::AppError;
use crate::view::{ArtifactFile, ArtifactFiles};
use crate::workbench::Workbench;

/// The most files that one answer lists.
const MOST: usize = 10_000;

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its path below the artifact, as it is asked for.
    pub(super) path: PathBuf,
    /// The file itself, with all links resolved.
    pub(super) real: PathBuf,
    /// Bytes in it.
    pub(super) size: u64,
}

/// The files of a folder, or the first of them.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<Found>,
    /// Whether there are more.
    pub(super) truncated: bool,
}

impl Workbench {
    /// The files of an artifact, with their sizes; the artifact alone when it is a file.
    ///
    /// # Errors
    /// When there is no such artifact, or its files cannot be read.
    pub async fn artifact_files(&self, id: ArtifactId) -> Result<ArtifactFiles, AppError> {
        let home = self.home().clone();
        self.ask_store(move |store| {
            let place = Place::of(&home, &stored(store, id)?.artifact)?;
            Ok(match place.open(&Below::default())? {
                Opened::Folder(folder) => list(&place, &folder, &Below::default(), MOST)?.into(),
                Opened::File(file) => ArtifactFiles {
                    files: vec![ArtifactFile {
                        path: String::new(),
                        size_bytes: file.size,
                    }],
                    truncated: false,
                },
            })
        })
        .await
    }
}

impl From<Listing> for ArtifactFiles {
    fn from(listing: Listing) -> Self {
        let files = listing.files.into_iter().map(|found| ArtifactFile {
            path: found.path.to_string_lossy().into_owned(),
            size_bytes: found.size,
        });
        Self {
            files: files.collect(),
            truncated: listing.truncated,
        }
    }
}

/// The files below a folder of an artifact, in the order of their names, at most so many. A link counts as the file
/// that it leads to inside the artifact; other links, and whatever is neither file nor folder, are left out.
pub(super) fn list(
    place: &Place,
    folder: &Path,
    below: &Below,
    most: usize,
) -> Result<Listing, AppError> {
    let mut listing = Listing::default();
    let mut open = vec![(folder.to_owned(), below.as_path().to_owned())];
    while let Some((real, path)) = open.pop() {
        // What goes away while the rest is looked at is not in the list.
        let Ok(metadata) = fs::symlink_metadata(&real) else {
            continue;
        };
        if metadata.is_dir() {
            let (entries, more) = entries(&real, most)?;
            listing.truncated |= more;
            open.extend(
                entries
                    .into_iter()
                    .rev()
                    .filter_map(|entry| Some((entry.clone(), path.join(entry.file_name()?)))),
            );
        } else if let Some((real, size)) = file(place, &real, &metadata) {
            if listing.files.len() == most {
                listing.truncated = true;
                return Ok(listing);
            }
            listing.files.push(Found { path, real, size });
        }
    }
    Ok(listing)
}

fn file(place: &Place, path: &Path, metadata: &std::fs::Metadata) -> Option<(PathBuf, u64)> {
    if metadata.is_file() {
        return Some((path.to_owned(), metadata.len()));
    }
    if !metadata.is_symlink() {
        return None;
    }
    let real = place.follow(path)?;
    let target = fs::symlink_metadata(&real).ok()?;
    target.is_file().then_some((real, target.len()))
}

/// What is in a folder, by name, at most so much, and whether there is more.
fn entries(folder: &Path, most: usize) -> Result<(Vec<PathBuf>, bool), AppError> {
    let failed = |error| unreadable(folder, error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        if entries.len() == most {
            return Ok((entries, true));
        }
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    Ok((entries, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use coracle_model::{Artifact, ArtifactType};
    use coracle_store::Home;

    #[test]
    fn lists_are_in_order_and_bounded() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let folder = home.artifacts().join("minio/b/folder");
        for name in ["b", "a/2", "a/1", "c/d/e"] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let artifact = Artifact {
            id: None,
            name: "folder".to_owned(),
            artifact_type: ArtifactType::default(),
            uri: "minio://b/folder".into(),
            metadata: std::collections::BTreeMap::new(),
            custom_path: None,
            sha256: None,
        };
        let place = Place::of(&home, &artifact).unwrap();
        let listed = |most| {
            let listing = list(&place, &folder, &Below::default(), most).unwrap();
            let paths = listing.files.iter().map(|found| found.path.display());
            let paths: Vec<String> = paths.map(|path| path.to_string()).collect();
            (paths.join(" "), listing.truncated)
        };
        assert_eq!(listed(4), ("a/1 a/2 b c/d/e".to_owned(), false));
        assert_eq!(listed(3), ("a/1 a/2 b".to_owned(), true));
    }
}
