//! What stands at a path of a folder.

use serde::{Deserialize, Serialize};

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its path below the folder, with `/` between names.
    pub path: String,
    /// What it is.
    pub content: Content,
}

/// What something in a folder is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A file.
    File {
        /// Its length.
        bytes: u64,
        /// The SHA-256 of its bytes, in hexadecimal digits.
        sha256: String,
        /// Its permissions, as `chmod` takes them.
        mode: u32,
    },
    /// A folder; what is in it are entries of their own.
    Folder {
        /// Its permissions.
        mode: u32,
    },
    /// A symbolic link that leads to something in the folder.
    Link {
        /// Where it leads, as it was written.
        to: String,
    },
    /// What cannot be carried.
    Other {
        /// Why not: what it is, or why it cannot be read.
        why: String,
    },
}

/// The permission to be run, of a file's owner. The others are changed by the systems that hold volumes.
const RUNS: u32 = 0o100;

/// Whether two things are the same, so that neither needs to be sent: bytes, and whether a file can be run.
pub fn is_same(one: &Content, other: &Content) -> bool {
    match (one, other) {
        (
            Content::File {
                bytes,
                sha256,
                mode,
            },
            Content::File {
                bytes: other_bytes,
                sha256: other_sha256,
                mode: other_mode,
            },
        ) => bytes == other_bytes && sha256 == other_sha256 && mode & RUNS == other_mode & RUNS,
        (Content::Folder { .. }, Content::Folder { .. }) => true,
        (Content::Link { to }, Content::Link { to: other }) => to == other,
        (
            Content::File { .. }
            | Content::Folder { .. }
            | Content::Link { .. }
            | Content::Other { .. },
            _,
        ) => false,
    }
}

impl Content {
    /// How many bytes go over for it.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File { bytes, .. } => *bytes,
            Self::Folder { .. } | Self::Link { .. } | Self::Other { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_volume_does_to_permissions_is_no_difference_but_what_can_be_run_is() {
        let file = |mode| Content::File {
            bytes: 1,
            sha256: "a".to_owned(),
            mode,
        };
        assert!(is_same(&file(0o644), &file(0o664)));
        assert!(!is_same(&file(0o644), &file(0o744)));
        let other = || Content::Other {
            why: "a socket".to_owned(),
        };
        assert!(!is_same(&other(), &other()));
    }
}
