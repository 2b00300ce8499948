//! One attempt at a step, from its files to its outputs.
//!
//! ```text
//!   files ─► secrets ─► sandbox ─► init containers ─► start ─► attend ─► judge ─► collect ─► report
//!                                                       ▲         │
//!                                                       └─────────┘ the engine went away and came back
//! ```
//!
//! Every part finds what an earlier life of the workbench did and goes on from there, so an adopted attempt takes
//! the same way as a new one.

mod collect;
mod files;
mod judge;
mod look_after;
mod workload;

pub(crate) use look_after::{Context, look_after};
pub(crate) use workload::{RUN_LABEL, attempt_of, begun_attempt};
