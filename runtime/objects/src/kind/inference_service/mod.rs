//! `InferenceService` of `serving.kserve.io`: a model that is served, or a server of one's own.
//!
//! Defaults and rules are those of KServe's admission webhooks, in its standard deployment mode; those
//! of what Coracle has beside it are `watching`'s.

mod defaults;
mod implementation;
mod rules;
mod strategy;
mod watching;

pub use implementation::{Component, SERVER, STORAGE_URI, TRANSFORMER, pod_fields, storage_uri};
pub(super) use strategy::INFERENCE_SERVICES;
pub use watching::{Watching, duration};
