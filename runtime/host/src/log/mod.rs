//! What a workload wrote, kept as raw bytes with times, standard output and standard error apart.
//!
//! A log is a directory with two files. `output.log` holds the bytes of both streams, unchanged, in the order
//! in which they arrived. `output.idx` holds a versioned header and then one record of fixed size for each
//! piece: which stream, when, where and how long. The bytes are always written before the record that names
//! them, so a reader needs no lock and a crash leaves at worst a torn tail, which reads as if it were not there.
//!
//! ```text
//!   writer ──► output.log ──► output.idx        one process: the workbench or a workload's supervisor
//!                  ▲              ▲
//!                  └── reader ────┘             any other, at any time; `follow` is woken by the file system
//! ```
//!
//! A log may be kept to its end only ([`Keep`]); what is dropped is a hole in both files.
//!
//! A log knows nothing of workloads, runs or text encodings. A writer that was killed leaves a log without an
//! end; whoever finds that out calls [`seal`].

mod follow;
mod format;
mod keep;
mod reader;
mod writer;

pub use follow::{Start, follow};
pub use format::{MAX_PIECE, Stream};
pub use keep::Keep;
pub(crate) use keep::PARTS;
pub use reader::{Chunk, LogReader, Only};
pub(crate) use reader::{KnownPiece, known_since};
pub use writer::{LogWriter, copy, seal};

/// Why a log cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file of the log cannot be opened, read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// The index is not one that this version reads.
    #[error("the log in `{directory}` cannot be read: {message}")]
    Format {
        /// The log.
        directory: std::path::PathBuf,
        /// What is wrong with it.
        message: String,
    },
}
