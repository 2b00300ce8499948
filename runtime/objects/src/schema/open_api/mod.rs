//! The types given back as OpenAPI 3, for `/openapi/v3/…`: what `kubectl explain` shows and what clients merge by.

mod document;
mod types;

pub use document::document;
pub use types::definition;
