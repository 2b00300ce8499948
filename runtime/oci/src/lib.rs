//! An image that an engine has, pushed to a registry.
//!
//! ```text
//!  archive (docker save) ─► plain layer ─► gzip, in parallel ─► temporary file ─┐
//!                        ├► packed layer ───────────────────► temporary file ─┤  there already? mounted from elsewhere?
//!                        └► config, manifests: in memory                      ▼
//!                                  registry ◄── pieces, gone on with after a break ── a few layers at once
//!                                  registry ◄── config, then the manifest, when all that it names is there
//! ```
//!
//! What is spoken is version 1.1 of OCI's distribution specification, and the tokens and passwords of Docker's own registries.
//! Memory does not grow with the image: a layer lies in a temporary file from the engine to the registry. Plain layers are packed so
//! that the same layer always has the same bytes, and a second push finds it there.
//!
//! Everything blocks, as the compression does anyway; [`Cancel`] ends it early. This crate knows no engine and no workbench: the image is
//! whatever [`Read`](std::io::Read) gives.
#![forbid(unsafe_code)]

mod archive;
mod cancel;
mod credentials;
mod destination;
mod digest;
mod error;
mod gzip;
mod manifest;
mod memory;
mod progress;
mod push;
mod registry;
mod spool;

pub use cancel::Cancel;
pub use credentials::DockerConfig;
pub use destination::{Destination, DestinationError};
pub use digest::Digest;
pub use error::PushError;
pub use memory::Memory;
pub use progress::{LayerState, Progress};
pub use push::{Push, Pushed, push};
