//! Why files do not go over.

use std::io;

use serde::{Deserialize, Serialize};

/// Why files do not go over.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// Something cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Its path below the folder.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Something cannot be written.
    #[error("`{path}` cannot be written")]
    Write {
        /// Its path below the folder.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file was written to by somebody else meanwhile.
    #[error("`{0}` was changed while it was read")]
    Changed(String),
    /// A path leads out of the folder.
    #[error("`{0}` leads out of the folder")]
    LeadsOut(String),
    /// Something else stands where a file, a folder or a link would be.
    #[error("something else stands at `{0}`, which is not replaced")]
    Occupied(String),
    /// The stream ended early or is none.
    #[error("the stream of files is broken")]
    Stream(#[source] io::Error),
}

/// What kind of trouble it is; what to switch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// The volume, or what may be kept on it, is full.
    NoSpace,
    /// The user may not.
    NotAllowed,
    /// The volume can only be read.
    ReadOnly,
    /// A file was changed while it was read.
    Changed,
    /// Something else stands where a file would be.
    Occupied,
    /// Anything else.
    Other,
}

impl CarryError {
    /// What kind of trouble it is.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } | Self::Stream(source) => {
                match source.kind() {
                    io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::FileTooLarge => Trouble::NoSpace,
                    io::ErrorKind::PermissionDenied => Trouble::NotAllowed,
                    io::ErrorKind::ReadOnlyFilesystem => Trouble::ReadOnly,
                    _ => Trouble::Other,
                }
            }
            Self::Changed(_) => Trouble::Changed,
            Self::Occupied(_) => Trouble::Occupied,
            Self::LeadsOut(_) => Trouble::Other,
        }
    }

    pub(crate) fn write(path: &str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(crate) fn read(path: &str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}
