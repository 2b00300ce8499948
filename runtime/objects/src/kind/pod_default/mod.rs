//! `PodDefault` of `kubeflow.org`: what is added to the pods of a namespace that have certain labels.

mod merge;
mod strategy;

pub use merge::{apply, selects};
pub(super) use strategy::POD_DEFAULTS;
