//! `InferenceService` of `serving.kserve.io`: a model that is served, or a server of one's own.
//!
//! Defaults and rules are those of KServe's admission webhooks, in its standard deployment mode.

mod defaults;
mod implementation;
mod rules;
mod strategy;

pub use implementation::{Component, SERVER, STORAGE_URI, TRANSFORMER, pod_fields, storage_uri};
pub(super) use strategy::INFERENCE_SERVICES;
