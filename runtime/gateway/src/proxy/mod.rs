//! A reverse proxy for HTTP/1.1, and gRPC over HTTP/2: the servers in containers, as if they stood behind one address.
//!
//! ```text
//! request ─► Route: path, headers ─► Pool ─► Connector ─► server
//!                                      │
//! response ◄── Body, given back ◄──────┘
//!     101  ◄── tunnel: raw bytes both ways, no frame is looked at
//! ```
//!
//! Bodies stream, at the pace of the slower side. Only connecting has a time limit: a kernel may think for hours.
//! Which container a request is for and how it is reached must not be known here; that is the [`Connector`].

mod body;
mod connector;
mod error;
mod forward;
mod grpc;
mod headers;
mod pool;
mod route;
mod tunnel;

pub use body::Body;
pub use connector::{Connector, Spawn, Upstream};
pub use error::ForwardError;
pub use forward::{KeptWhileOpen, Proxy};
pub use grpc::is_grpc;
pub use route::{AnnotationError, Host, PathRewrite, Peer, Route, Scheme, headers_to_set};
