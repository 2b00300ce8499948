//! Runs: asking for them, looking at them, stopping them and beginning them again.

mod act;
mod create;
mod find;
mod list;
mod present;
mod rerun;
mod show;
mod why;
mod why_key;

pub(crate) use find::{find_run, find_task};
pub(crate) use present::artifact;
