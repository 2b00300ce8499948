//! What makes one home different from every other, kept in it: a random name for what it owns, and a random key.
//!
//! The name stands on everything that an engine holds for this home; it does not change when the home is moved.
//! The key makes the tokens with which steps reach the workbench.

use std::io;
use std::path::{Path, PathBuf};

use coracle_store::Home;
use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use serde::{Deserialize, Serialize};
use std::io::Write;
use uuid::Uuid;

use crate::token::TokenKey;

/// The identity of a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    owner: String,
    key: TokenKey,
}

/// The form on disk.
#[derive(Serialize, Deserialize)]
struct StoredIdentity {
    version: u32,
    owner: Uuid,
    /// Two random UUIDs: 244 random bits.
    key: [Uuid; 2],
}

/// The version of [`StoredIdentity`] that is written.
const VERSION: u32 = 1;

impl Identity {
    /// The identity of a home, made when it has none yet. The caller holds the home's lock.
    ///
    /// # Errors
    /// What the file system said, and a file that is not one of ours.
    pub(crate) fn of(home: &Home) -> io::Result<Self> {
        let path = file(home);
        match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = StoredIdentity {
                    version: VERSION,
                    owner: Uuid::new_v4(),
                    key: [Uuid::new_v4(), Uuid::new_v4()],
                };
                write(&path, &made)?;
                Ok(made.into())
            }
            answer => answer.map(Self::from),
        }
    }

    /// The identity of a home that is only read. One that has none owns nothing, so any will do.
    pub(crate) fn of_reader(home: &Home) -> Self {
        let none = StoredIdentity {
            version: VERSION,
            owner: Uuid::nil(),
            key: [Uuid::new_v4(), Uuid::new_v4()],
        };
        read(&file(home)).unwrap_or(none).into()
    }

    /// The label on what belongs to this home.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// The key of this home's tokens.
    pub(crate) fn key(&self) -> &TokenKey {
        &self.key
    }
}

impl From<StoredIdentity> for Identity {
    fn from(stored: StoredIdentity) -> Self {
        let key = TokenKey::new(stored.key.map(Uuid::into_bytes).concat());
        Self {
            owner: stored.owner.to_string(),
            key,
        }
    }
}

fn file(home: &Home) -> PathBuf {
    home.data().join("identity.json")
}

fn read(path: &Path) -> io::Result<StoredIdentity> {
    let stored: StoredIdentity = serde_json::from_slice(&fs::read(path)?)?;
    if stored.version == VERSION {
        return Ok(stored);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        format!("`{}` was written by a newer version", path.display()),
    ))
}

/// Written beside and renamed, so that a kill leaves no half of one.
fn write(path: &Path, identity: &StoredIdentity) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(&serde_json::to_vec(identity)?)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_home_keeps_its_identity_to_itself() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        home.prepare().unwrap();
        let first = Identity::of(&home).unwrap();
        assert_eq!(Identity::of(&home).unwrap(), first);
        assert_eq!(Identity::of_reader(&home), first);
        let mode = fs::metadata(file(&home)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        let other = Home::at(other.path());
        other.prepare().unwrap();
        assert_ne!(Identity::of(&other).unwrap().owner(), first.owner());
    }
}
