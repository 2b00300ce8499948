//! Runs: asking for them, looking at them, stopping them and beginning them again.

mod act;
mod clone;
mod create;
mod exact;
mod find;
mod list;
mod lost;
mod measured;
mod overview;
mod parameters;
mod present;
mod rerun;
mod show;
mod submit;
mod why;
mod why_key;

pub(crate) use create::{checked_root, usual_name};
pub(crate) use find::{find_run, find_task, read_run};
pub(crate) use lost::{component_at, lost_inputs};
pub use overview::RunOverview;
pub(crate) use overview::of_experiment;
pub(crate) use parameters::{check as check_parameters, read as read_parameters};
pub(crate) use present::artifact;
pub use submit::NewRun;
pub(crate) use submit::known_experiment;
