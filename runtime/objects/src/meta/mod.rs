//! `metadata`: what a server puts there, what a client may, and the options of requests that speak of it.
//!
//! Create: [`prepare_for_create`], the kind's own preparation, then [`validate`] and [`check_unversioned`]. Replace: [`check_path`],
//! [`check_replaced`], [`prepare_for_update`], the kind's, then [`validate_update`]; a patch the same with [`check_version`] in the first
//! place. Nothing is stored and no clock or chance is asked: both come in as values.

mod check;
mod metadata;
mod name;
mod options;

pub use metadata::{
    NewObject, check_path, check_replaced, check_unversioned, check_version, prepare_for_create,
    prepare_for_update, time, validate, validate_update, warnings,
};
pub use name::{check_dns_subdomain, check_label_value, check_qualified_name, generated_name};
pub use options::{
    DeleteOptions, DryRun, Preconditions, PropagationPolicy, check_field_manager,
    check_patch_options, check_preconditions,
};
