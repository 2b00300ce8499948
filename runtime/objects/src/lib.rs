//! API objects as Kubernetes' API server understands them, as pure functions on JSON: what kinds there are, how a
//! body is read, defaulted and checked, how patches and field managers change it, how it is selected and shown.
//!
//! ```text
//!   body ─decode─► object ─defaults─► ─validate─► what is stored
//!   patch + stored object ─patch / apply─► ─validate─► what is stored
//!   stored objects ─select─► ─table─► an answer
//! ```
//!
//! Nothing here stores, waits or reads a clock. An object is JSON as it came, so that fields nobody here knows
//! are kept. Every refusal is a [`Status`], as a client of Kubernetes expects it.

mod api_version;
pub mod apply;
pub mod decode;
mod field;
pub mod kind;
pub mod meta;
mod object;
pub mod page;
pub mod patch;
mod resource;
pub mod scale;
pub mod schema;
pub mod select;
mod status;
mod strategy;
pub mod table;

pub use api_version::api_version;
pub use field::{FieldError, FieldErrorKind, FieldPath};
pub use object::{Object, ObjectExt, OwnerReference};
pub use resource::{GroupVersion, Resource, Scope, Subresource, Verb};
pub use status::{Cause, Details, Reason, Status};
pub use strategy::{Cell, Column, Strategy};
