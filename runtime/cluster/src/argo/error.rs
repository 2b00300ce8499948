//! Why a cluster's Argo Workflows did not do what it was asked.

use crate::objects::{RefusalKind, RequestError};

/// Why a cluster did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgoError {
    /// The cluster was lost, or said no.
    #[error("`{server}`: {source}")]
    Request {
        /// The cluster.
        server: String,
        /// What happened.
        source: RequestError,
    },
    /// The workflow was removed there.
    #[error("`{server}` no longer has the workflow `{name}`")]
    Gone {
        /// The cluster.
        server: String,
        /// The workflow.
        name: String,
    },
}

impl ArgoError {
    /// What to switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Request {
                source: RequestError::Lost(_),
                ..
            } => "unreachable",
            Self::Request {
                source: RequestError::Refused(refusal),
                ..
            } => match refusal.kind {
                RefusalKind::Unauthorized => "unauthorized",
                RefusalKind::Forbidden => "forbidden",
                RefusalKind::KindMissing => "no-argo",
                RefusalKind::ServerFailed => "busy",
                _ => "refused",
            },
            Self::Gone { .. } => "gone",
        }
    }

    /// What to try.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Request {
                source: RequestError::Lost(_),
                ..
            } => "see whether it is up, and whether a VPN is needed; it is asked again",
            Self::Request {
                source: RequestError::Refused(refusal),
                ..
            } if refusal.kind == RefusalKind::KindMissing => {
                "Argo Workflows has to be installed there; where Kubeflow Pipelines is, leave `--step-image` out"
            }
            Self::Request {
                source: RequestError::Refused(refusal),
                ..
            } => refusal.hint(),
            Self::Gone { .. } => "it may have been deleted there, or kept no longer after its end",
        }
    }

    /// Whether it is final: asked again, it would be answered in the same way, whatever is done elsewhere.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code(), "refused" | "gone")
    }
}
