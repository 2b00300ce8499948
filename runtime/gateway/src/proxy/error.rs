//! Why there is no answer, for the caller to make a page of.

use std::io;
use std::time::Duration;

use http::StatusCode;
use thiserror::Error;

use super::connector::Upstream;

/// A request that was not answered.
#[derive(Debug, Error)]
pub enum ForwardError {
    /// The server cannot be reached.
    #[error("failed to connect to `{upstream}`")]
    Connect {
        /// Which server.
        upstream: Upstream,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server could not be reached in time.
    #[error("`{upstream}` did not accept a connection within {limit:?}")]
    ConnectTimeout {
        /// Which server.
        upstream: Upstream,
        /// How long was waited.
        limit: Duration,
    },
    /// The server closed the connection, or did not answer in HTTP.
    #[error("`{upstream}` did not answer")]
    Exchange {
        /// Which server.
        upstream: Upstream,
        /// What happened.
        #[source]
        source: hyper::Error,
    },
    /// The server switched to a protocol that was not asked for.
    #[error("`{upstream}` switched protocols without being asked to")]
    Switched {
        /// Which server.
        upstream: Upstream,
    },
    /// The request's path cannot be rewritten to one.
    #[error("the path `{path}` cannot be asked for")]
    Path {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: http::Error,
    },
}

impl ForwardError {
    /// The status that says so.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Connect { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::ConnectTimeout { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Exchange { .. } | Self::Switched { .. } => StatusCode::BAD_GATEWAY,
            Self::Path { .. } => StatusCode::BAD_REQUEST,
        }
    }
}
