//! Contexts: which clusters a user's kubeconfig leads to, as kubectl reads it, and clients for them.
//!
//! ```text
//!   Surroundings ─files─► Kubeconfig ─list─► ContextEntry, several, with what is wrong with each
//!                             │ target
//!                             ▼
//!                          Target ─connect─► Connection: a client with bounded waits
//!                             ▲
//!                          plugin: credentials from a program that the kubeconfig names
//! ```
//!
//! The files are read anew whenever they are asked about, and never written: there is no current context but the
//! user's own. What `kube` does as kubectl is left to it; files, checks, proxies and plugins are read here, since
//! one broken entry must not hide the others, a plugin must not hang or ask questions, and what the environment says
//! comes in as values.

mod check;
mod connect;
mod files;
mod list;
mod plugin;
mod protected;
mod proxy;
mod target;

pub use connect::{Connection, Patience};
pub use files::{Kubeconfig, Surroundings};
pub use list::ContextEntry;
pub use protected::Protected;
pub use target::Target;
