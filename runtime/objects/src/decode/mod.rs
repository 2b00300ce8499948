//! A request's body to an object, with the refusals of an API server.
//!
//! ```text
//!   bytes ─read─► Document ─object─► Decoded           POST, PUT
//!   patched JSON ──────────typed───► Decoded           PATCH, after `Patch::apply` or `apply::apply`
//!   stored custom object ──validate─► 422              after defaults, with the kind's own validation
//! ```

mod body;

pub use body::{Body, Decoded, FieldValidation, object, typed, validate};
