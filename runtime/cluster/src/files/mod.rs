//! Objects as a folder in kustomize's layout, which `kubectl apply -k` takes as it is.
//!
//! The same objects make the same bytes; what was written is read back as what it was.

mod layout;
mod read;
mod write;
pub(crate) mod yaml;

pub use layout::{Layout, LockedImage, Secrets, lay_out};
pub use read::{ReadError, read};
pub use write::{WriteError, write};
