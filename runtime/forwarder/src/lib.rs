//! What the workbench says to the program that stands for a Service of Kubernetes, as a table of routes.
//!
//! The program itself is beside, in `main.rs`. It is built twice: by cargo, for its tests, and by the build script of
//! `coracle-host` without any dependency and linked statically, as the one file of an image. So it stands on the
//! standard library alone.
#![forbid(unsafe_code)]

mod routes;

pub use routes::{BadRoutes, Routes};
