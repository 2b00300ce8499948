//! `PersistentVolumeClaim` of `v1`: room that outlives pods.

mod strategy;

pub(super) use strategy::{PERSISTENT_VOLUME_CLAIMS, short_access_modes};
