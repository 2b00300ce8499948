//! `metadata`: what a server puts there, what a client may, and the options of requests that speak of it.
//!
//! Create: [`prepare_for_create`], the kind's own preparation, then [`validate`]. Update: [`prepare_for_update`],
//! then [`validate_update`]. Nothing is stored and no clock or chance is asked: both come in as values.

mod metadata;
mod name;
mod options;

pub use metadata::{NewObject, prepare_for_create, prepare_for_update, validate, validate_update};
pub use name::{check_dns_label, check_dns_subdomain, check_service_name, generated_name};
pub use options::{DeleteOptions, DryRun, Preconditions, PropagationPolicy, check_preconditions};
