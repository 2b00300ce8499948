//! What the proxy is given: a way to reach a server, and a way to have something go on.

use std::fmt;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use crate::io::BoxIo;

/// A server that can be reached. Connections to those of the same name are interchangeable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Upstream(pub String);

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Reaches a server.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Which server.
    fn upstream(&self) -> &Upstream;

    /// A new connection. Of a socket, `TCP_NODELAY` should be set.
    async fn connect(&self) -> io::Result<BoxIo>;
}

/// Has a connection or a tunnel go on by itself. It ends when either side closes.
pub type Spawn = Arc<dyn Fn(BoxFuture<'static, ()>) + Send + Sync>;
