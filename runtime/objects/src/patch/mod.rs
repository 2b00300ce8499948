//! Patches: JSON patch, JSON merge patch and strategic merge patch.
//!
//! A caller asks [`PatchKind::of`] what the request is, reads the body with [`Patch::read`] and makes the changed object
//! with [`Patch::apply`], which also reads the outcome by the kind's type, for a patch can make anything of it.
//! Server-side apply is [`crate::apply`].

mod json_patch;
mod merge;
mod read;
mod strategic;

pub use read::{Patch, PatchKind};
pub(crate) use read::{go_kind, go_text};
pub use strategic::strategic_merge;
