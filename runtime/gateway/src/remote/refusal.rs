//! Why a request is not granted, in the words of Kubernetes' API server.

use http::StatusCode;
use thiserror::Error;

/// A request that is not granted; nothing was upgraded, so it is answered as any other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's text.
    pub message: String,
    /// What would be spoken, for the header `X-Accepted-Stream-Protocol-Versions`; often nothing.
    pub accepted: &'static [&'static str],
}

impl Refusal {
    /// A request that makes no sense.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            accepted: &[],
        }
    }

    /// A request of which no protocol is spoken here.
    pub(super) fn no_protocol(
        message: impl Into<String>,
        accepted: &'static [&'static str],
    ) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            message: message.into(),
            accepted,
        }
    }
}
