//! A request's body to an object, with the refusals of an API server.
//!
//! ```text
//!   bytes ─object─► Decoded                            POST, PUT
//!   stored object ─Patch::apply─► Decoded              PATCH
//!   applied object ─apply::apply─► Object              PATCH, server-side apply
//!   custom object ─validate / validate_update─► 422    after defaults, beside the kind's own validation
//! ```
//!
//! The defaults of a custom kind's schema are filled in here, for they are part of reading it; those of built-in kinds
//! are the kind's own.

mod body;
mod built_in;
mod bytes;
mod custom;
mod format;
mod json;
mod protobuf;
mod quantity;
mod status_of;
mod time;
mod tree;
mod validate;
mod yaml;

pub use body::{Body, Decoded, FieldValidation, json_value, object, typed};
pub(crate) use body::{Format, applied, doubled_fields, empty_object, yaml_document};
pub(crate) use protobuf::Envelope;
pub use quantity::canonical as canonical_quantity;
pub(crate) use status_of::unknown_format;
pub use validate::{validate, validate_status, validate_update};
