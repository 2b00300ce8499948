//! The data path: bytes between a caller and what runs in a container.
//!
//! | folder | what passes |
//! |---|---|
//! | `proxy/` | HTTP/1.1 to a server in a container, WebSockets and other upgrades with it |
//! | `spdy/` | streams over SPDY/3.1, which Kubernetes' clients fall back to |
//! | `remote/` | exec, attach and port-forward of Kubernetes' API, over WebSockets and over SPDY |
//!
//! How a container is reached, what is run in it and who may ask are the caller's matter: this crate must not know
//! the engine, the store or the routes. It spawns nothing: what has to go on is given back as a future, or to the
//! caller's own [`Spawn`](proxy::Spawn).
#![forbid(unsafe_code)]

mod inbox;
mod io;
pub mod proxy;
mod pump;
pub mod remote;
pub mod spdy;

pub use io::{BoxIo, Io};
