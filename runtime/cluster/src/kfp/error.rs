//! Why a server of Kubeflow Pipelines did not do what it was asked.

use crate::error::ClusterError;

/// Why a server did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KfpError {
    /// The address is none.
    #[error("`{address}` is no address of a server: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It cannot be reached, or not in this way.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// It is there and cannot answer at present.
    #[error("`{server}` cannot answer at present: {status} {message}")]
    Busy {
        /// The server.
        server: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// What answers is no server of Kubeflow Pipelines.
    #[error("what answers at `{server}` is not the API of Kubeflow Pipelines: {reason}")]
    NotKfp {
        /// The server.
        server: String,
        /// What it said instead.
        reason: String,
    },
    /// It asks for other credentials.
    #[error("`{server}` does not accept the credentials: {message}")]
    Unauthorized {
        /// The server.
        server: String,
        /// What it said.
        message: String,
    },
    /// The user may not.
    #[error("`{server}` does not let this user do it: {message}")]
    Forbidden {
        /// The server.
        server: String,
        /// What it said.
        message: String,
    },
    /// It has several namespaces, and none is named.
    #[error("`{server}` serves several namespaces, and none is named")]
    NoNamespace {
        /// The server.
        server: String,
    },
    /// What is asked about is not there.
    #[error("`{server}` has no such thing: {message}")]
    Gone {
        /// The server.
        server: String,
        /// What it said.
        message: String,
    },
    /// It refused what was sent.
    #[error("`{server}` refused: {message}")]
    Refused {
        /// The server.
        server: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
}

impl KfpError {
    /// What to switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "bad-address",
            Self::Cluster(error) => error.code(),
            Self::Busy { .. } => "busy",
            Self::NotKfp { .. } => "not-kfp",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::NoNamespace { .. } => "no-namespace",
            Self::Gone { .. } => "gone",
            Self::Refused { .. } => "refused",
        }
    }

    /// What to try.
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Cluster(error) => return error.hint(),
            Self::Address { .. } => "write it as `http://HOST:PORT` or `https://HOST/PATH`",
            Self::Busy { .. } => {
                "see whether it is up, and whether a VPN or a port-forward is needed; the same command can be run again"
            }
            Self::NotKfp { .. } => {
                "the address has to be that of `ml-pipeline`, or the path before `/apis/v2beta1`; a cluster that has Argo Workflows alone needs `--step-image`"
            }
            Self::Unauthorized { .. } => {
                "get a new token, and give it with `--kfp-token-file`; for a context, log in to the cluster again"
            }
            Self::Forbidden { .. } => {
                "ask whoever runs the cluster for the permission, or name another namespace"
            }
            Self::NoNamespace { .. } => "name one with `--namespace`",
            Self::Gone { .. } => "it may have been deleted there",
            Self::Refused { .. } => "see what the server said",
        };
        hint.to_owned()
    }

    /// Whether it is final: asked again, it would be answered in the same way, whatever is done elsewhere.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Address { .. }
                | Self::NoNamespace { .. }
                | Self::Gone { .. }
                | Self::Refused { .. }
        )
    }

    /// What an answer that is no success means.
    pub(super) fn of_answer(server: &str, status: u16, body: &[u8]) -> Self {
        let (server, message) = (server.to_owned(), said(status, body));
        match status {
            401 => Self::Unauthorized { server, message },
            403 => Self::Forbidden { server, message },
            404 => Self::Gone { server, message },
            // A 500 is also what KFP's server says of mistakes of its caller's.
            429 | 502..=504 => Self::Busy {
                server,
                status,
                message,
            },
            _ => Self::Refused {
                server,
                status,
                message,
            },
        }
    }
}

/// Characters of a message that are kept.
const LONGEST: usize = 500;

/// The words of an answer: KFP's, those of its uploads, or its beginning.
fn said(status: u16, body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let of = |key: &str| Some(json.as_ref()?.get(key)?.as_str()?.to_owned());
    let text = of("message")
        .or_else(|| of("error_message"))
        .unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned());
    if text.is_empty() {
        return format!("HTTP {status}");
    }
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_names_and_keep_their_words() {
        let kfp = br#"{"code":5,"message":"Run x not found","details":[]}"#;
        let error = KfpError::of_answer("s", 404, kfp);
        assert_eq!(
            (error.code(), error.to_string().contains("Run x not found")),
            ("gone", true)
        );
        let upload = br#"{"error_message":"no yaml","error_details":"d"}"#;
        assert_eq!(
            KfpError::of_answer("s", 400, upload).to_string(),
            "`s` refused: no yaml"
        );
        for (status, code, is_refusal) in [
            (401, "unauthorized", false),
            (403, "forbidden", false),
            (500, "refused", true),
            (503, "busy", false),
            (429, "busy", false),
        ] {
            let error = KfpError::of_answer("s", status, b"");
            assert_eq!((error.code(), error.is_refusal()), (code, is_refusal));
            assert!(!said(status, b"").is_empty());
        }
    }
}
