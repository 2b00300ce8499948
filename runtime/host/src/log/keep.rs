//! How much of a log is kept, and how its oldest part is given back to the disk.
//!
//! What is dropped becomes a hole in the files: places and numbers of what is left stay what they are, so that readers
//! and followers need not know of it. The index is cut before the data, so that a record that is there has its bytes.
//!
//! ```text
//!   output.idx  header ┆ hole ┆ record 7, record 8, …
//!   output.log         ┆ hole    ┆ bytes of 7, bytes of 8, …
//! ```

use fs_err::File;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// How much of a log is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// All of it.
    #[default]
    All,
    /// Its end: so many bytes on the disk, its index included. A fifth of it goes at once.
    End(u64),
}

/// Of how many parts the oldest is dropped when a log has grown too long.
pub(crate) const PARTS: u64 = 5;

/// Whether a part of a file could be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    Yes,
    /// The file system can free whole files only.
    NotHere,
}

/// Gives the bytes between two places of a file back to the disk; they read as zeros from then on.
pub(super) fn drop_bytes(file: &File, from: u64, to: u64) -> std::io::Result<Dropped> {
    if to <= from {
        return Ok(Dropped::Yes);
    }
    let how = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match fallocate(file.file(), how, from, to - from) {
        Ok(()) => Ok(Dropped::Yes),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(Dropped::NotHere),
        Err(error) => Err(error.into()),
    }
}
