//! The types of the API: what fields a kind has, of what types, and how their values are merged.
//!
//! One model serves Kubernetes' own kinds, whose facts are embedded (`schemas/built-in.json`, which `schemas/generate`
//! writes), and custom kinds, whose definition brings an OpenAPI schema. It knows nothing of how values are read or
//! changed.

mod built_in;
mod custom;
mod model;
mod object_type;
mod open_api;

pub use model::{
    Fields, ListMerge, PatchStrategy, Presence, Rules, Scalar, Schema, SchemaError, Shape,
};
pub use object_type::{ObjectType, Origin};
pub use open_api::{definition, document};
