//! Artifacts: what steps left behind, where each came from and went, and what is in it.
//!
//! ```text
//! id ──► list: what is recorded of it
//!    ├─► lineage: the steps of all runs ──► graph: what it was made from, what was made from it
//!    ├─► links: inputs and outputs of tasks, one by one
//!    └─► place: its file or folder, never left ──► content, archive: its bytes
//!                                              ├─► files: what is in a folder
//!                                              └─► preview: its beginning, in the form that fits its media type
//! ```

mod archive;
mod content;
mod files;
mod graph;
mod lineage;
mod links;
mod list;
mod media;
mod picture;
mod place;
mod preview;
mod remove;
mod rows;

pub(crate) use content::content_of;
pub use content::{ArchiveContent, ByteStream, Content, FileContent};
pub(crate) use place::{Below, Opened, Place, unreadable};
