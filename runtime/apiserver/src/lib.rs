//! The verbs of the Kubernetes API over stored objects: what an API server does between its handlers and its store.
//!
//! ```text
//!   create  body ─decode─► defaults ─► admission ─► validate ─► commit
//!   update  body ─decode─► defaults ─► what may change ─► validate ─► commit, unless nothing changed
//!   patch   stored ─patch or apply─► as update; again from the start when somebody was quicker
//!   delete  ─► gone, or marked and waited for: finalizers, a pod's grace
//!   list, watch ◄── the store's memory and its log of changes
//! ```
//!
//! What is particular to a kind stands in `coracle_objects`; what becomes of an object afterwards is the work of the
//! loops in `coracle_control`. Nothing here runs by itself.
#![forbid(unsafe_code)]

mod admission;
mod change;
mod commit;
mod create;
mod delete;
mod options;
mod patch;
mod place;
mod read;
mod scale;
mod server;
mod types;
mod watch;

pub use delete::Deleted;
pub use options::{PatchRequest, WriteOptions, Written};
pub use place::{Place, object_key, resource_key};
pub use read::{ListOptions, Listing, Selectors};
pub use server::{ApiServer, Now};
pub use types::TypeOf;
pub use watch::{Watch, WatchEvent, WatchEventKind};
