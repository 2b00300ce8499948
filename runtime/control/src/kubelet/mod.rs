//! Pods that come and go as objects of the API, each handed to a worker of its own.
//!
//! ```text
//!   changes of pods, and of what pods refer to ──► manager ──take up, wake──► pods::Worker
//!                                                                               │
//!   ApiServer ◄── status, node, events, removal ── ApiWorld ◄───────────────────┘
//! ```

mod culling;
mod manager;
mod references;
mod world;

pub use culling::{CullingSetting, watch_notebooks};
pub use manager::{Kubelet, KubeletSetting, PodSandboxes};
pub use world::{ApiWorld, PodTokens};
