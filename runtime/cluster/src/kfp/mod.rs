//! A server of Kubeflow Pipelines elsewhere, spoken to by its API, version v2beta1.
//!
//! ```text
//!   URL, token ───────────────┐
//!                             ▼
//!   a cluster's Connection ► KfpServer ──► send: version, experiment, run; each is looked for before it is made
//!                             │
//!                             ├────────► look: the run as it is
//!                             └────────► whole, content: all that is told of a run that ended, and its artifacts
//! ```
//!
//! A cluster's server is reached through the cluster's API server; that of another workbench stands beside its Kubernetes API,
//! so that its own context leads there. What is sent can be sent again after any break: what is there already is found by marks
//! that were sent with it, and nothing is made twice.

mod content;
mod error;
mod message;
mod send;
mod server;
mod whole;

pub use content::{ArtifactAt, ArtifactBytes, ArtifactContent};
pub use error::KfpError;
pub use send::{Made, PipelineFile, VersionThere};
pub use server::KfpServer;
