//! `Pod` of `v1`: containers that share a network and volumes.

mod admission;
mod change;
mod check;
mod defaults;
mod effective;
mod print;
mod qos;
mod strategy;
mod warn;

pub use admission::take_pull_secrets;

pub(super) use check::{PROTOCOLS, check_label_selector, check_spec, check_volume_mode};
pub(super) use defaults::{set_pod_defaults, set_spec_defaults};
pub use effective::{from_template, resources};
pub(super) use strategy::PODS;
pub(super) use warn::{name_warning, warnings};
