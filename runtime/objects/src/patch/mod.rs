//! Patches: JSON patch, JSON merge patch and strategic merge patch.
//!
//! A caller reads the body with [`Patch::read`], changes the stored object with [`Patch::apply`], and gives the
//! outcome to [`crate::decode::typed`], for a patch can make anything of it. Server-side apply is [`crate::apply`].

mod read;

pub use read::{Patch, PatchKind};
