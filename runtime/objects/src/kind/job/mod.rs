//! `Job` of `batch/v1`: pods that are run to their end.

mod strategy;

pub(super) use strategy::JOBS;
