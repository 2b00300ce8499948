//! Server-side apply, and who manages which fields.
//!
//! Every write goes through here once, after the body was read and defaulted and before it is validated: an apply
//! through [`apply`], every other write through [`track_update`]. Both write `metadata.managedFields`.
//!
//! ```text
//!   applied ─to_set─► its fields ──────────────┐
//!   stored + applied ─merge─► all ─prune─► new ─compare with stored─► whose fields changed ─► conflict, or taken
//! ```
//!
//! The rules are those of Kubernetes' structured merge: what a kind's type says of lists and maps decides what one
//! owner has as a whole and what is owned piece by piece.

mod compare;
mod config;
mod conflict;
mod element;
mod entries;
mod fields_v1;
mod manager;
mod merge;
mod node;
mod operate;
mod prune;
mod set;
#[cfg(test)]
mod tests;

pub use config::configuration;
pub use manager::{Force, Manager};
pub use operate::{apply, same_but_for_times, track_update};
