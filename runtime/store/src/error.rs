//! What can go wrong with what is remembered, each with something to try.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use coracle_model::RunId;
use rusqlite::{ErrorCode, ffi};

use crate::migration::Format;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds this home.
    #[error(
        "another workbench{} already uses `{}`; use that one, stop it, or set `CORACLE_HOME` to another directory",
        Holder(*pid, address.as_deref()),
        home.display()
    )]
    Locked {
        /// The directory that both want.
        home: PathBuf,
        /// The process that holds it, when it has said so.
        pid: Option<u32>,
        /// Where that process can be reached, when it serves.
        address: Option<String>,
    },
    /// The database was written by a newer version; it has not been touched.
    #[error(
        "the database `{}` has format {found} and this version knows up to {known}; install the newer version again, or set `CORACLE_HOME` to another directory",
        path.display()
    )]
    NewerDatabase {
        /// The database.
        path: PathBuf,
        /// The format of the file.
        found: Format,
        /// The newest format that this version knows.
        known: Format,
    },
    /// The database is damaged; it has not been touched.
    #[error(
        "the database `{0}` is damaged and was left as it is; try `sqlite3 '{0}' .recover`, or move it and the `-wal` and `-shm` files beside it away and start again: artifacts and logs stay where they are",
        path.display()
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: DatabaseFault,
    },
    /// Something that has to be written cannot be.
    #[error("`{}` cannot be written; make it writable for this user, or set `CORACLE_HOME` to another directory", path.display())]
    ReadOnly {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No room is left. The store stays usable, and nothing of the refused write has happened.
    #[error(
        "no room is left for `{}`; free some space (`coracle gc` removes what nothing uses) and try again",
        path.display()
    )]
    DiskFull {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A run that is not stored.
    #[error("there is no run `{run}`; `coracle runs` lists those there are")]
    NoSuchRun {
        /// The run.
        run: RunId,
    },
    /// A run that is stored already.
    #[error("the run `{run}` is stored already; make a new id for another run")]
    RunExists {
        /// The run.
        run: RunId,
    },
    /// A run that has not ended cannot be removed.
    #[error("the run `{run}` has not ended; cancel it first")]
    RunOpen {
        /// The run.
        run: RunId,
    },
    /// Something other than a run that is not stored.
    #[error("there is no {what} `{id}`")]
    NotStored {
        /// What it would be: `experiment`.
        what: &'static str,
        /// Its id or name.
        id: String,
    },
    /// A name that can be given once only.
    #[error("the {what} `{name}` is there already; choose another name")]
    NameTaken {
        /// What bears it: `experiment`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A list is asked for by something that its items do not have.
    #[error("a {noun} has no field `{field}` to {to}")]
    NoSuchField {
        /// What is listed: `Run`.
        noun: &'static str,
        /// The field.
        field: String,
        /// `sort by` or `filter by`.
        to: &'static str,
    },
    /// A field is compared with something that it cannot be compared with.
    #[error("`{field}` cannot be compared like that")]
    BadComparison {
        /// The field.
        field: String,
    },
    /// An artifact was to be recorded before it was given a number.
    #[error("the artifact `{key}` has no number; a number is given before it is recorded")]
    Unnumbered {
        /// The name of the input or output.
        key: String,
    },
    /// The file system refused something else.
    #[error("failed to {doing} `{}`; look at the cause below and at `coracle doctor`", path.display())]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// SQLite refused something else, or a row is not what it should be.
    #[error("failed to {doing} in `{}`; look at the cause below and at `coracle doctor`", path.display())]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: DatabaseFault,
    },
}

/// What SQLite said, kept from showing its types above this crate.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DatabaseFault(rusqlite::Error);

impl StoreError {
    pub(crate) fn not_stored(what: &'static str, id: impl fmt::Display) -> Self {
        Self::NotStored {
            what,
            id: id.to_string(),
        }
    }

    /// The error of a file operation, told apart by what the user can do about it.
    /// A fault of the disk: what was done, with which file or directory.
    pub fn disk(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull {
                path,
                source: Box::new(source),
            },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly {
                path,
                source: Box::new(source),
            },
            _ => Self::Disk {
                doing,
                path,
                source,
            },
        }
    }

    /// The error of a database operation, told apart by what the user can do about it.
    pub(crate) fn database(doing: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source
            .sqlite_error()
            .map(|error| (error.code, error.extended_code))
        {
            Some((ErrorCode::DiskFull, _)) => Self::DiskFull {
                path,
                source: Box::new(source),
            },
            Some((ErrorCode::SystemIoFailure, extended)) if is_failed_write(extended) => {
                Self::DiskFull {
                    path,
                    source: Box::new(source),
                }
            }
            Some((ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _)) => Self::ReadOnly {
                path,
                source: Box::new(source),
            },
            Some((ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _)) => Self::Corrupt {
                path,
                source: DatabaseFault(source),
            },
            _ => Self::Database {
                doing,
                path,
                source: DatabaseFault(source),
            },
        }
    }
}

/// Whether SQLite's IO error is one that a full disk shows as: some of its writes grow a file by other
/// means than `write`, and report that as plain IO errors.
fn is_failed_write(extended: i32) -> bool {
    matches!(
        extended,
        ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_TRUNCATE
            | ffi::SQLITE_IOERR_SHMSIZE
    )
}

/// The holder of a lock as it stands in a message: ` (process 41, http://127.0.0.1:8890)`.
struct Holder<'a>(Option<u32>, Option<&'a str>);

impl fmt::Display for Holder<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Some(pid), Some(address)) => write!(formatter, " (process {pid}, {address})"),
            (Some(pid), None) => write!(formatter, " (process {pid})"),
            (None, Some(address)) => write!(formatter, " ({address})"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_errors_are_told_apart_by_what_can_be_done() {
        let classify =
            |kind: io::ErrorKind| StoreError::disk("write", Path::new("/x"), kind.into());
        assert!(matches!(
            classify(io::ErrorKind::StorageFull),
            StoreError::DiskFull { .. }
        ));
        assert!(matches!(
            classify(io::ErrorKind::ReadOnlyFilesystem),
            StoreError::ReadOnly { .. }
        ));
        assert!(matches!(
            classify(io::ErrorKind::PermissionDenied),
            StoreError::ReadOnly { .. }
        ));
        assert!(matches!(
            classify(io::ErrorKind::InvalidData),
            StoreError::Disk { .. }
        ));
    }

    #[test]
    fn a_lock_names_who_holds_it() {
        let locked = |pid, address: Option<&str>| {
            StoreError::Locked {
                home: "/h".into(),
                pid,
                address: address.map(str::to_owned),
            }
            .to_string()
        };
        assert!(
            locked(Some(41), Some("http://127.0.0.1:1"))
                .contains("(process 41, http://127.0.0.1:1) already uses `/h`")
        );
        assert!(locked(None, None).starts_with("another workbench already uses `/h`"));
    }
}
