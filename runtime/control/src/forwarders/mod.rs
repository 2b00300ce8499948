//! What stands for the Services of the Kubernetes API: a forwarder on the network of the namespace for each.
//!
//! ```text
//!   changes of services and pods ──► keeper ──► plan::kind::service ──► a worker for each service
//!                                                                          │
//!               file of routes, which the forwarder follows by itself ◄────┼──► engine: a sandbox that forwards
//!                                                                          └──► the service's clusterIP
//! ```
//!
//! A forwarder goes on without the workbench, by the routes that it had last; the next start finds it by its labels.

mod keeper;
mod routes_on_disk;
#[cfg(test)]
mod tests;
mod worker;

pub use keeper::{ForwarderSetting, keep_forwarders};
pub(crate) use worker::SERVICE_LABEL;
