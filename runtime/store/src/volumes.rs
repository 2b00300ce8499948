//! Persistent volume claims: a directory each, with what was claimed in a file beside it.
//!
//! A claim is made under another name and renamed, and removed by being renamed first, so that a kill
//! leaves either a whole claim or rubbish that nobody takes for one.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::error::StoreError;
use crate::gc::{remove_tree, tree_size};
use crate::home::Home;
use crate::names::{NameError, check_name};

/// The local persistent volume claims.
#[derive(Debug, Clone)]
pub struct Volumes {
    directory: PathBuf,
}

/// What was claimed. Nothing of it is enforced on one machine; it tells one claim from another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VolumeClaim {
    /// The size as a Kubernetes quantity, such as `5Gi`.
    pub size: String,
    /// `ReadWriteOnce` and so on.
    pub access_modes: Vec<String>,
    /// The storage class, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// One claim as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// What was claimed.
    pub claim: VolumeClaim,
    /// The directory to mount.
    pub path: PathBuf,
    /// Bytes of the files in it.
    pub bytes: u64,
}

/// What a claim found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// Nothing; it was made.
    New,
    /// An equal claim of the same name, which stays as it is.
    Existed,
}

/// Why a claim could not be made, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// The name cannot be one.
    #[error("the volume claim cannot have that name")]
    Name(#[from] NameError),
    /// There is one of that name that claims something else.
    #[error(
        "the volume claim `{name}` is there already, with another request; delete it or use another name"
    )]
    Conflict {
        /// The name.
        name: String,
        /// What the one that is there claims.
        claimed: Box<VolumeClaim>,
    },
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] StoreError),
}

/// The form on disk.
#[derive(Serialize, Deserialize)]
struct StoredClaim {
    version: u32,
    claim: VolumeClaim,
}

/// The version of [`StoredClaim`] that is written.
const VERSION: u32 = 1;

const CLAIM_FILE: &str = "claim.json";
const DATA: &str = "data";

impl Volumes {
    /// Those of a home.
    pub fn new(home: &Home) -> Self {
        Self {
            directory: home.volumes(),
        }
    }

    /// Those of a namespace of the Kubernetes API; pipelines use those of `default`.
    pub fn of_namespace(home: &Home, namespace: &str) -> Self {
        match namespace {
            "default" => Self::new(home),
            other => Self {
                directory: home.namespace_volumes(other),
            },
        }
    }

    /// Removes what is kept for the claims of a namespace that has none any more.
    ///
    /// # Errors
    /// When a claim is left, or the disk refuses.
    pub fn forget_namespace(home: &Home, namespace: &str) -> Result<(), VolumeError> {
        for place in [
            home.namespace_volumes(namespace),
            home.namespace_dir(namespace),
        ] {
            match fs::remove_dir(&place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::disk("delete", &place, error).into());
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Makes a claim, or finds that an equal one is there.
    ///
    /// # Errors
    /// A name that Kubernetes does not take, another claim of that name, or what the file system said.
    pub fn create(&self, name: &str, claim: &VolumeClaim) -> Result<Created, VolumeError> {
        check_name(name)?;
        let place = self.directory.join(name);
        if place.exists() {
            return self.compare(name, claim);
        }
        let unfinished = self.directory.join(durable::unfinished_name());
        match fill(&unfinished, claim).and_then(|()| fs::rename(&unfinished, &place)) {
            Ok(()) => {}
            // Another made the same claim in between: a directory that is not empty is not replaced.
            Err(_) if place.exists() => {
                self.remove_unfinished(&unfinished);
                return self.compare(name, claim);
            }
            Err(error) => {
                self.remove_unfinished(&unfinished);
                return Err(StoreError::disk("make", &place, error).into());
            }
        }
        durable::sync_dir(&self.directory)
            .map_err(|error| StoreError::disk("make", &place, error))?;
        Ok(Created::New)
    }

    /// Whether there is a claim of this name.
    pub fn exists(&self, name: &str) -> bool {
        check_name(name).is_ok() && self.directory.join(name).is_dir()
    }

    /// The directory that is mounted for a claim; none when there is no such claim.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.exists(name)
            .then(|| self.directory.join(name).join(DATA))
    }

    /// Removes a claim and what is in it; false when there was none.
    ///
    /// # Errors
    /// A name that Kubernetes does not take, or what the file system said.
    pub fn delete(&self, name: &str) -> Result<bool, VolumeError> {
        check_name(name)?;
        let place = self.directory.join(name);
        let doomed = self.directory.join(durable::unfinished_name());
        let refused = |error| StoreError::disk("delete", &place, error);
        match fs::rename(&place, &doomed) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(refused(error).into()),
        }
        remove_tree(&doomed).map_err(refused)?;
        Ok(true)
    }

    /// All claims by name, with the bytes in them, which reads all their directories.
    ///
    /// # Errors
    /// What the file system said.
    pub fn list(&self) -> Result<Vec<Volume>, VolumeError> {
        let mut volumes = Vec::new();
        for name in self.names()? {
            let path = self.directory.join(&name).join(DATA);
            let bytes =
                tree_size(&path).map_err(|error| StoreError::disk("measure", &path, error))?;
            volumes.push(Volume {
                claim: self.claim(&name)?,
                path,
                bytes,
                name,
            });
        }
        Ok(volumes)
    }

    /// Removes what a kill in the middle of [`Volumes::create`] or [`Volumes::delete`] left; to be called
    /// before others use the claims.
    ///
    /// # Errors
    /// What the file system said.
    pub fn sweep(&self) -> Result<(), VolumeError> {
        for name in self
            .entries()?
            .iter()
            .filter(|name| name.starts_with(durable::UNFINISHED))
        {
            let path = self.directory.join(name);
            remove_tree(&path).map_err(|error| StoreError::disk("delete", &path, error))?;
        }
        Ok(())
    }

    fn compare(&self, name: &str, claim: &VolumeClaim) -> Result<Created, VolumeError> {
        let claimed = self.claim(name)?;
        if claimed == *claim {
            Ok(Created::Existed)
        } else {
            Err(VolumeError::Conflict {
                name: name.to_owned(),
                claimed: Box::new(claimed),
            })
        }
    }

    fn claim(&self, name: &str) -> Result<VolumeClaim, StoreError> {
        let path = self.directory.join(name).join(CLAIM_FILE);
        let read =
            fs::read(&path).and_then(|text| Ok(serde_json::from_slice::<StoredClaim>(&text)?));
        let stored = read.and_then(|stored| {
            if stored.version == VERSION {
                Ok(stored)
            } else {
                Err(unknown_version())
            }
        });
        stored
            .map(|stored| stored.claim)
            .map_err(|error| StoreError::disk("read", &path, error))
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = self.entries()?;
        names.retain(|name| check_name(name).is_ok());
        names.sort();
        Ok(names)
    }

    fn entries(&self) -> Result<Vec<String>, StoreError> {
        let read = || -> io::Result<Vec<String>> {
            let names = fs::read_dir(&self.directory)?
                .map(|entry| Ok(entry?.file_name().into_string().ok()));
            Ok(names
                .collect::<io::Result<Vec<_>>>()?
                .into_iter()
                .flatten()
                .collect())
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            answer => answer.map_err(|error| StoreError::disk("read", &self.directory, error)),
        }
    }

    fn remove_unfinished(&self, path: &Path) {
        // What stays is swept at the next start; the failure that led here is the one to tell.
        let _ = remove_tree(path);
    }
}

fn unknown_version() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "written by a newer version")
}

fn fill(directory: &Path, claim: &VolumeClaim) -> io::Result<()> {
    durable::make_private_dir(&directory.join(DATA))?;
    // A step may run as any user, and sees the mounted directory without the private ones above it.
    fs::set_permissions(directory.join(DATA), PermissionsExt::from_mode(0o777))?;
    let text = serde_json::to_vec(&StoredClaim {
        version: VERSION,
        claim: claim.clone(),
    })?;
    durable::write(&directory.join(CLAIM_FILE), &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(size: &str) -> VolumeClaim {
        VolumeClaim {
            size: size.to_owned(),
            access_modes: vec!["ReadWriteOnce".to_owned()],
            storage_class: None,
        }
    }

    #[test]
    fn an_equal_claim_is_idempotent_and_another_conflicts() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let volumes = Volumes::new(&home);
        assert_eq!(
            volumes.create("data-1", &claim("5Gi")).unwrap(),
            Created::New
        );
        fs::write(home.volume("data-1").join("file"), "kept").unwrap();
        assert_eq!(
            volumes.create("data-1", &claim("5Gi")).unwrap(),
            Created::Existed
        );
        assert!(matches!(
            volumes.create("data-1", &claim("6Gi")),
            Err(VolumeError::Conflict { .. })
        ));
        assert_eq!(
            fs::read_to_string(home.volume("data-1").join("file")).unwrap(),
            "kept"
        );
        assert!(matches!(
            volumes.create("../up", &claim("5Gi")),
            Err(VolumeError::Name(_))
        ));
    }

    #[test]
    fn claims_are_listed_with_real_sizes_and_deleted_whole() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let volumes = Volumes::new(&home);
        assert_eq!(volumes.list().unwrap(), vec![]);
        volumes.create("b", &claim("1Gi")).unwrap();
        volumes.create("a", &claim("1Gi")).unwrap();
        fs::create_dir(home.volume("b").join("deep")).unwrap();
        fs::write(home.volume("b").join("deep/file"), [7; 1000]).unwrap();
        let sizes: Vec<_> = volumes
            .list()
            .unwrap()
            .into_iter()
            .map(|volume| (volume.name, volume.bytes))
            .collect();
        assert_eq!(sizes, vec![("a".to_owned(), 0), ("b".to_owned(), 1000)]);
        assert!(volumes.delete("b").unwrap());
        assert!(!volumes.delete("b").unwrap());
        assert!(!volumes.exists("b"));
        assert!(volumes.exists("a"));
    }

    #[test]
    fn what_a_kill_left_is_no_claim_and_is_swept() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let volumes = Volumes::new(&home);
        volumes.create("a", &claim("1Gi")).unwrap();
        let left = home.volumes().join(durable::unfinished_name());
        fs::create_dir_all(left.join(DATA)).unwrap();
        assert_eq!(volumes.list().unwrap().len(), 1);
        volumes.sweep().unwrap();
        assert!(!left.exists());
        assert!(volumes.exists("a"));
    }
}
