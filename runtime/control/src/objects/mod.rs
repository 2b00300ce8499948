//! The loop over the objects of the Kubernetes API: whatever changes, what follows from it is done.
//!
//! ```text
//!   log of changes ──► keys of what is touched ──► plan::kind reconciles each ──► writes, events, directories
//!         ▲                                                                          │
//!         └──────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! One thread works on one key at a time, so no two reconciliations meet. Clients write meanwhile: a write of the loop
//! that finds another version than it has seen is dropped, and the change that it met brings the key up again.

mod carry_out;
mod garbage;
mod keys;
mod recorder;
mod work;

pub use carry_out::Now;
pub(crate) use garbage::resource_of;
pub use recorder::Recorder;
pub use work::{ObjectLoop, ObjectSetting};
