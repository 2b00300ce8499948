//! `Job` of `batch/v1`: pods that are run to their end.

mod check;
mod defaults;
mod policy;
mod strategy;

pub(super) use strategy::JOBS;
