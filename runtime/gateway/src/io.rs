//! A connection of any kind.

use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes both ways: a socket, a pipe through an engine, what an upgrade left.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection whose kind is the business of whoever made it.
pub type BoxIo = Box<dyn Io>;
