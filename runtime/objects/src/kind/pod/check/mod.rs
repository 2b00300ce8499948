//! What is wrong with a pod's `spec`, in a pod or in a template: one file for each of its parts.

mod affinity;
mod container;
mod environment;
mod handler;
mod mount;
mod network;
mod port;
mod resources;
mod scheduling;
mod security;
mod source;
mod spec;
mod volume;

pub(in super::super) use port::PROTOCOLS;
pub(in super::super) use scheduling::check_label_selector;
pub(super) use scheduling::check_tolerations;
pub(in super::super) use spec::check_spec;
pub(in super::super) use volume::check_volume_mode;
