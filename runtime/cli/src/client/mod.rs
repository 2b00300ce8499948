//! Talking to a workbench: one request, one answer, whatever is in between.
//!
//! ```text
//!   commands ──Call──► Client ──► HTTP over a socket      a workbench that runs, here or elsewhere
//!                             └─► the router, called      nobody runs; what is stored can be looked at
//! ```
//!
//! Where the workbench is found is decided in `workbench/`, not here.

mod call;
mod events;
mod transport;
mod watch;

pub use call::Call;
pub(crate) use events::EventQuery;
pub use events::Events;
pub use transport::{Client, Content};
pub(crate) use watch::Watch;
