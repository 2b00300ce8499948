//! What follows from the objects of the Kubernetes API, kind by kind: which other objects there have to be, and what
//! their status is.
//!
//! ```text
//!   an object and what belongs to it ──reconcile──► steps: make, change, tell how it is, delete, say
//! ```
//!
//! Each function looks at one object as it is now, whatever happened before, and says what is still to do; where all
//! is done it says nothing. It can therefore be asked again at any time, and after every crash.

pub mod claim;
pub mod culling;
pub mod deployment;
pub mod garbage;
pub mod job;
pub mod namespace;
pub mod notebook;
mod pod_status;
mod pod_template;
pub mod replica_set;
pub mod service;
pub mod serving;
pub mod stateful_set;
mod step;

pub use step::{About, ObjectPlace, ObjectPlan, ObjectStep, World, same_json};
