//! The kinds there are, and what is particular to each: its names, defaults, rules, columns. One file a kind, a
//! folder where there is more to say.
//!
//! What every kind has (metadata, JSON types, patches, selectors) is not known here. Nothing here looks up another
//! object: a volume's claim may be missing, a service account unknown; that is for those who hold the objects.

mod access_review;
mod age;
mod column;
mod config_map;
mod custom_resource_definition;
mod definition;
mod deployment;
mod endpoints;
mod event;
mod fill;
mod inference_graph;
pub mod inference_service;
mod job;
mod lease;
mod named;
mod namespace;
mod node;
mod notebook;
mod persistent_volume;
mod persistent_volume_claim;
mod place;
pub mod pod;
pub mod pod_default;
mod registry;
mod replica_set;
mod secret;
pub mod service;
pub mod service_account;
pub mod serving_runtime;
mod stateful_set;
mod storage_class;
mod template;
mod verbs;
mod words;

pub use age::human_duration;
pub use definition::{custom_resource_definitions, open_api_schema};
pub use named::*;
pub(crate) use place::Place;
pub use registry::{find, find_kind, group_versions, resources};
pub(crate) use template::selector_text;
