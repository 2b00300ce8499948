//! Documents to the checked types, one file a part of the format.
//!
//! What a name refers to is not looked up here: each use of a name is noted with its place, and
//! [`graph`](super::graph) looks them all up when everything has been read.

mod cluster;
mod component;
mod config;
mod dag;
mod executor;
mod init;
mod input;
mod kubernetes;
mod loops;
mod mention;
mod pipeline;
mod platform;
mod task;

pub(super) use component::LoweredComponent;
pub(super) use executor::LoweredExecutor;
pub(super) use mention::{Kind, Mention, Mentioned, Places};
pub(super) use pipeline::{Lowered, lower as pipeline};
pub(super) use platform::{LoweredPlatform, lower as platform};
