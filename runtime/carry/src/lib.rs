//! A folder's content listed with checksums, and sent and received as a stream: what both ends of a transfer agree on.
//!
//! ```text
//!   here   list ──► what differs ──► send ── archive ──► receive   there
//!            ▲                                             │
//!            └───────────── list: the checksums again ◄────┘
//! ```
//!
//! It knows no network and no cluster. A file is written beside its place and moved there: a stream that breaks leaves each file
//! as it was or whole. Nothing is written outside of the folder, and no link is made that leads out of it.
#![forbid(unsafe_code)]

mod entry;
mod error;
mod inside;
mod line;
mod list;
mod receive;
mod send;

pub use entry::{Content, Entry, is_same};
pub use error::{CarryError, Trouble};
pub use line::{Line, read_paths, write_paths};
pub use list::{list, look};
pub use receive::{Received, receive};
pub use send::send;

/// The folder in a receiving one where files are until they are whole. It is no part of what is listed.
pub const UNFINISHED: &str = ".coracle-carry";
