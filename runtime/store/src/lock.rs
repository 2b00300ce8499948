//! One workbench a home.
//!
//! The lock is the kernel's (`flock`), so a killed workbench leaves none behind. Who holds it, and where
//! that one can be reached, stands in a file beside it that means nothing without the lock.

use std::fs::TryLockError;
use std::path::PathBuf;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::error::StoreError;
use crate::home::Home;

/// The right to use a home for writing; it ends with this value or with the process.
#[derive(Debug)]
pub struct HomeLock {
    server_file: PathBuf,
    _file: fs::File,
}

/// What a workbench says of itself to others on the same home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workbench {
    /// Its process.
    pub pid: u32,
    /// Where it can be reached, once it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Home {
    /// Takes the home for this process.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it; otherwise what the file system said.
    pub fn lock(&self) -> Result<HomeLock, StoreError> {
        let path = self.lock_file();
        let refused = |error| StoreError::disk("lock", &path, error);
        durable::make_private_dir(self.data()).map_err(refused)?;
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.held()),
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
        let lock = HomeLock {
            server_file: self.server_file(),
            _file: file,
        };
        lock.say(None)?;
        Ok(lock)
    }

    /// What the workbench of this home says of itself; what a killed one said last, when none is there. Only
    /// a call to its address, or [`Home::lock`], tells the two apart.
    pub fn workbench(&self) -> Option<Workbench> {
        serde_json::from_slice(&fs::read(self.server_file()).ok()?).ok()
    }

    fn held(&self) -> StoreError {
        let holder = self.workbench();
        StoreError::Locked {
            home: self.data().to_owned(),
            pid: holder.as_ref().map(|holder| holder.pid),
            address: holder.and_then(|holder| holder.address),
        }
    }
}

impl HomeLock {
    /// Tells others on this home where the workbench can be reached.
    ///
    /// # Errors
    /// What the file system said.
    pub fn announce(&self, address: &str) -> Result<(), StoreError> {
        self.say(Some(address.to_owned()))
    }

    fn say(&self, address: Option<String>) -> Result<(), StoreError> {
        let text = serde_json::to_vec(&Workbench {
            pid: std::process::id(),
            address,
        })
        .expect("a number and a text can always be written as JSON");
        durable::write(&self.server_file, &text)
            .map_err(|error| StoreError::disk("write", &self.server_file, error))
    }
}

impl Drop for HomeLock {
    fn drop(&mut self) {
        // Still under the lock, which goes with the file after this. A file that stays says nothing false
        // to those who ask for the lock.
        let _ = fs::remove_file(&self.server_file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_has_one_holder_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let first = home.lock().unwrap();
        first.announce("http://127.0.0.1:8890").unwrap();
        let error = home.lock().unwrap_err();
        let StoreError::Locked { pid, address, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(pid, Some(std::process::id()));
        assert_eq!(address.as_deref(), Some("http://127.0.0.1:8890"));
        drop(first);
        assert_eq!(home.workbench(), None);
        home.lock().unwrap();
    }
}
