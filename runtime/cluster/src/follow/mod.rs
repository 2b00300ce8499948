//! A workload of a cluster is followed to its end: its states, its pods, what the cluster tells of them, and their logs.
//!
//! ```text
//!   watch of the workload ─┐
//!   watch of its pods ─────┼─► Center ──► News
//!   watch of the events ───┘     │  ▲
//!                                ▼  └── broken, mended, over
//!                      a log for each container ──► lines
//! ```
//!
//! A connection that breaks is made anew where it was: watches by the version that was seen last, or from a new list where the
//! server no longer knows that one; logs by the time of the last line, and what comes again is left out. Of many logs some dozens are read
//! at once; the others wait for their turn.

mod center;
mod container;
mod last;
mod lines;
mod log;
mod news;
mod place;
mod requests;
mod source;
mod state;
mod told;
mod turns;
mod watch;
mod workload;

pub use center::follow;
pub use news::{WorkloadEnd, WorkloadNews};
pub use requests::FollowError;
pub use workload::{NotAWorkload, Workload, WorkloadKind};
