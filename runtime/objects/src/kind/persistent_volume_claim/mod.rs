//! `PersistentVolumeClaim` of `v1`: room that outlives pods.

mod check;
mod strategy;

pub(super) use check::check_claim_spec;
pub(super) use strategy::{PERSISTENT_VOLUME_CLAIMS, set_defaults, short_access_modes};
