//! Objects to a cluster: what would change, sending, going back, removing.
//!
//! Everything is sent by server-side apply under the field manager [`FIELD_MANAGER`], so that the server knows which
//! fields are ours. What was sent, and what was there before, is kept in the cluster itself (see [`Inventory`]): another
//! machine can go back as well.
//!
//! ```text
//!   look ──► live object, dry run, fields owned ──► diff
//!    │                                               │
//!    ▼                                               ▼
//!   record (what was there) ──► apply, in order ──► record (what came of it)
//! ```
//!
//! The record is written before anything is sent. Whoever is cut off in between leaves an unfinished one: the next
//! deployment finishes it and keeps what was there before the first try.

mod apply;
mod deployment;
mod diff;
mod inventory;
mod listed;
mod look;
mod managed;
mod name;
mod order;
mod outcome;
mod planned;
mod refusal;
mod requests;
mod standing;
mod stored;
mod undo;
mod undone;
mod unified;

pub use deployment::{DeployError, DeployOptions, Deployment};
pub use diff::{Change, Difference};
pub use inventory::{Before, Entry, Inventory};
pub use listed::{ListedDeployment, deployments};
pub use look::{Looked, Preview, Would};
pub use name::{BadName, DeploymentName};
pub use outcome::{Deployed, Done, Outcome};
pub use refusal::{Conflict, Refusal, RefusalKind};
pub use requests::{Cluster, RequestError, Retries};
pub use standing::{Standing, StandingObject, standings};
pub use stored::RecordError;

/// Who owns the fields that are sent, for the server.
pub const FIELD_MANAGER: &str = "coracle";
