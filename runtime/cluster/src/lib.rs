//! A real Kubernetes cluster: what is sent there, and what came of it.
//!
//! ```text
//!   kubeconfig ─contexts─► Target ─► Client ─┬─► preflight: what is there, judged before anything is sent
//!                                            ├─► follow: states, events and logs of a workload, to its end
//!                                            ├─► carrier: files to a claim and back
//!                                            ├─► kfp, argo: a pipeline is made there once, and looked at ─run_news─► what is new
//!                                            │                                                ─parity──► what came out otherwise
//!                                            └─► objects: diff, apply, rollback, delete
//!                                                   ▲
//!   files ─manifests─► objects ─report─► parity report, and the objects as they are sent ─files─► a folder
//! ```
//!
//! Nothing here knows the store, engines or HTTP routes; the user's kubeconfig is read and never written.

#![forbid(unsafe_code)]

pub mod argo;
pub mod carrier;
pub mod contexts;
mod error;
pub mod files;
mod finding;
pub mod follow;
mod key;
pub mod kfp;
pub mod manifests;
pub mod objects;
pub mod parity;
pub mod preflight;
pub mod report;
pub mod run_news;
mod secret;
pub mod there;

pub use error::ClusterError;
pub use finding::{Finding, Severity};
pub use key::ObjectKey;
