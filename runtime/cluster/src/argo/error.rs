//! Why a cluster's Argo Workflows did not do what it was asked.

use super::whole::NotOurs;
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
    /// The workflow is no run of a pipeline.
    #[error("the workflow `{name}` is no run that can be brought here")]
    NotOurs {
        /// The workflow.
        name: String,
        /// Why not.
        source: NotOurs,
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
                // Also of what stands between, such as a webhook that cannot be asked.
                _ if refusal.code.is_some_and(|code| code >= 500) => "busy",
                RefusalKind::Unauthorized => "unauthorized",
                RefusalKind::Forbidden => "forbidden",
                RefusalKind::KindMissing => "no-argo",
                RefusalKind::ServerFailed => "busy",
                RefusalKind::QuotaExceeded => "quota-exceeded",
                _ => "refused",
            },
            Self::Gone { .. } => "gone",
            Self::NotOurs { .. } => "not-a-run",
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
            Self::NotOurs { .. } => "name a workflow that a pipeline was sent as",
            Self::Gone { .. } => "it may have been deleted there, or kept no longer after its end",
        }
    }

    /// Whether it is final: asked again, it would be answered in the same way, whatever is done elsewhere.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code(), "refused" | "gone" | "not-a-run")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::objects::Refusal;

    fn of(code: u16, message: &str) -> ArgoError {
        let status = json!({"message": message, "details": {"name": "w"}}).to_string();
        ArgoError::Request {
            server: "s".to_owned(),
            source: RequestError::Refused(Refusal::of_answer(code, status.as_bytes())),
        }
    }

    #[test]
    fn what_passes_is_no_refusal() {
        for (code, message, word) in [
            (
                500,
                "failed calling webhook \"w\": connection refused",
                "busy",
            ),
            (503, "later", "busy"),
            (403, "exceeded quota: q", "quota-exceeded"),
            (401, "who", "unauthorized"),
        ] {
            let error = of(code, message);
            assert_eq!((error.code(), error.is_refusal()), (word, false));
        }
        let denied = of(400, "admission webhook \"w\" denied the request: no");
        assert_eq!((denied.code(), denied.is_refusal()), ("refused", true));
    }
}
