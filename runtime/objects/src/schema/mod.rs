//! The types of the API: what fields a kind has, of what types, and how their values are merged.
//!
//! One model serves Kubernetes' own kinds, whose facts are embedded, and custom kinds, whose definition brings an
//! OpenAPI schema. It knows nothing of how values are read or changed.

mod model;

pub use model::{ObjectType, Origin, SchemaError};
