//! A real Kubernetes cluster: what is sent there, and what came of it.
//!
//! ```text
//!   kubeconfig ─contexts─► Target ─► Client ─┬─► preflight: what is there, judged before anything is sent
//!                                            └─► whoever sends
//! ```
//!
//! Nothing here knows the store, engines or HTTP routes; the user's kubeconfig is read and never written.

#![forbid(unsafe_code)]

pub mod contexts;
mod error;
mod finding;
pub mod kfp;
pub mod manifests;
pub mod preflight;

pub use error::ClusterError;
pub use finding::{Finding, Severity};
