//! `Service` of `v1`: a name and a port for pods that labels select.

mod check;
mod defaults;
mod strategy;

pub use defaults::{assign_address, assign_node_ports, needs_address};
pub(super) use strategy::SERVICES;
