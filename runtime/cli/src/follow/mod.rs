//! Watching a run until it ends.
//!
//! ```text
//!   events ──► Progress ──tidings──► lines ──► Display: lines in a pipe, lines and live bars on a terminal
//!                 └────running───────────────────┘
//! ```
//!
//! `progress` and `lines` are pure: what happened goes in, what to show comes out.

mod display;
mod lines;
mod progress;
mod signals;
mod watch;

pub use signals::Interrupts;
pub(crate) use watch::{Ending, Watched, watch};
