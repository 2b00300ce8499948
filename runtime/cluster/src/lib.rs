//! A real Kubernetes cluster: what is sent there, and what came of it.
//!
//! ```text
//!   objects ─report─► parity report, and the objects as they are sent ─┬─objects─► diff, apply, rollback, delete
//!                                                                      └─files───► a folder for `kubectl apply -k`
//! ```
//!
//! Nothing here knows the store, engines or HTTP routes; the user's kubeconfig is read and never written.

#![forbid(unsafe_code)]

pub mod files;
mod key;
pub mod objects;
pub mod report;
mod secret;

pub use key::ObjectKey;
