//! Server-side apply, and who manages which fields.
//!
//! Every write goes through here once, after the body was read and defaulted and before it is validated: an apply
//! through [`apply`], every other write through [`track_update`]. Both write `metadata.managedFields`.

mod managers;

pub use managers::{Force, Manager, apply, configuration, same_but_for_times, track_update};
