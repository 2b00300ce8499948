//! Why a cluster was not reached or did not do what it was asked, as states with names and something to try.

use std::error::Error;
use std::io;

use rustls::{CertificateError, Error as TlsError};

use crate::finding::Finding;

/// Why a cluster did not answer as was hoped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// No context was named, and the kubeconfig has no current one.
    #[error("no context is named, and the kubeconfig has no current one")]
    NoContext,
    /// The context is not in the kubeconfig, or no longer.
    #[error("there is no context `{context}`{}", known(.there))]
    ContextGone {
        /// The context.
        context: String,
        /// Those that there are.
        there: Vec<String>,
    },
    /// The kubeconfig's entry cannot be used.
    #[error("the context `{context}` cannot be used: {}", told(.problems))]
    ContextBroken {
        /// The context.
        context: String,
        /// What is wrong with it; at least one error.
        problems: Vec<Finding>,
    },
    /// The program that gives credentials did not.
    #[error("the credential plugin `{command}` {what}")]
    Plugin {
        /// The program.
        command: String,
        /// What it did, with the end of what it wrote to its standard error.
        what: String,
        /// What the kubeconfig says to do where it is missing.
        install_hint: Option<String>,
    },
    /// 401: the credentials are none, have expired or were revoked.
    #[error("the cluster does not accept the credentials of the context: {message}")]
    Unauthorized {
        /// What the API server said.
        message: String,
    },
    /// 403: the user may not.
    #[error("the cluster does not let this user do it: {message}")]
    Forbidden {
        /// What the API server said.
        message: String,
    },
    /// The server's certificate is not trusted.
    #[error("the certificate of `{server}` is not trusted: {reason}")]
    Untrusted {
        /// The address.
        server: String,
        /// Why not.
        reason: String,
    },
    /// The handshake failed for another reason.
    #[error("no secure connection to `{server}`: {reason}")]
    Tls {
        /// The address.
        server: String,
        /// Why not.
        reason: String,
    },
    /// Nobody listens there, its name is not known, or the way is cut.
    #[error("`{server}` cannot be reached: {reason}")]
    Unreachable {
        /// The address.
        server: String,
        /// What the system said.
        reason: String,
    },
    /// The server took the connection and said nothing, or broke off and said no more.
    #[error("`{server}` did not answer in time")]
    TimedOut {
        /// The address.
        server: String,
    },
    /// Something answers there that is no API server.
    #[error("what answers at `{server}` is no Kubernetes API: {reason}")]
    NotKubernetes {
        /// The address.
        server: String,
        /// What it said instead.
        reason: String,
    },
    /// The API server refused otherwise.
    #[error("the cluster refused: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The machine's word: `NotFound`, `Conflict`.
        reason: String,
        /// What it said.
        message: String,
    },
}

impl ClusterError {
    /// What to switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoContext => "no-context",
            Self::ContextGone { .. } => "context-gone",
            Self::ContextBroken { .. } => "context-broken",
            Self::Plugin { .. } => "plugin-failed",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::Untrusted { .. } => "certificate-untrusted",
            Self::Tls { .. } => "tls-failed",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed-out",
            Self::NotKubernetes { .. } => "not-kubernetes",
            Self::Refused { .. } => "refused",
        }
    }

    /// What to try.
    pub fn hint(&self) -> String {
        match self {
            Self::NoContext => {
                "name one with `--context`; `coracle contexts` lists those there are".to_owned()
            }
            Self::ContextGone { .. } => {
                "see `coracle contexts`; another KUBECONFIG may have had it".to_owned()
            }
            Self::ContextBroken { problems, .. } => problems
                .iter()
                .find_map(|problem| problem.fix.clone())
                .unwrap_or_else(|| "mend its entry in the kubeconfig".to_owned()),
            Self::Plugin { install_hint, .. } => install_hint.clone().unwrap_or_else(|| {
                "run the plugin in a terminal first, for example `kubectl get namespaces`, and log in there".to_owned()
            }),
            Self::Unauthorized { .. } => {
                "the credentials may have expired or been revoked: log in to the cluster again".to_owned()
            }
            Self::Forbidden { .. } => {
                "ask whoever runs the cluster for the permission, or use another context or namespace".to_owned()
            }
            Self::Untrusted { .. } => {
                "`certificate-authority-data` of the context's cluster has to be that of the server; get the kubeconfig anew"
                    .to_owned()
            }
            Self::Tls { .. } => {
                "see whether the address in the kubeconfig is the API server's own, with its port".to_owned()
            }
            Self::Unreachable { .. } | Self::TimedOut { .. } => {
                "see whether the cluster is up, and whether a VPN or a proxy is needed".to_owned()
            }
            Self::NotKubernetes { .. } => {
                "the address of the context's cluster has to be that of the API server".to_owned()
            }
            Self::Refused { .. } => "see what the cluster said; the same command can be run again".to_owned(),
        }
    }

    /// The same as something that was found.
    pub fn finding(&self, subject: impl Into<String>) -> Finding {
        Finding::error(self.code(), subject, self.to_string()).fix(self.hint())
    }

    /// What a client's error is, of a server at an address.
    pub fn of_client(server: &str, error: &kube::Error) -> Self {
        let server = server.to_owned();
        match error {
            kube::Error::Api(status) => Self::of_status(server, status),
            kube::Error::SerdeError(source) => Self::NotKubernetes {
                server,
                reason: source.to_string(),
            },
            kube::Error::FromUtf8(source) => Self::NotKubernetes {
                server,
                reason: source.to_string(),
            },
            other => Self::of_chain(server, other),
        }
    }

    fn of_status(server: String, status: &kube::core::Status) -> Self {
        let message = status.message.clone();
        match status.code {
            401 => Self::Unauthorized { message },
            403 => Self::Forbidden { message },
            // A client's own words for a body that is no `Status`.
            _ if status.reason == "Failed to parse error data" => Self::NotKubernetes {
                server,
                reason: format!("HTTP {}: {}", status.code, first_line(&message)),
            },
            _ => Self::Refused {
                status: status.code,
                reason: status.reason.clone(),
                message,
            },
        }
    }

    /// By the causes, the innermost of which knows best.
    fn of_chain(server: String, error: &(dyn Error + 'static)) -> Self {
        let causes = causes(error);
        let own = causes.iter().find_map(|cause| cause.downcast_ref::<Self>());
        if let Some(own) = own {
            return own.clone();
        }
        let tls = causes.iter().find_map(|cause| tls_error(*cause));
        if let Some(tls) = tls {
            return Self::of_tls(server, tls);
        }
        let elapsed = causes
            .iter()
            .any(|cause| cause.is::<tower::timeout::error::Elapsed>());
        let timed_out = causes
            .iter()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| cause.kind() == io::ErrorKind::TimedOut);
        if elapsed || timed_out {
            return Self::TimedOut { server };
        }
        let reason = causes
            .last()
            .map_or_else(|| error.to_string(), ToString::to_string);
        Self::Unreachable { server, reason }
    }

    fn of_tls(server: String, error: &TlsError) -> Self {
        match error {
            TlsError::InvalidCertificate(invalid) => Self::Untrusted {
                server,
                reason: match invalid {
                    CertificateError::UnknownIssuer => {
                        "it is signed by nobody whom the context names".to_owned()
                    }
                    CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                        "it has expired".to_owned()
                    }
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. } => {
                        "it is for another name than this address has; `tls-server-name` says which one is right"
                            .to_owned()
                    }
                    other => other.to_string(),
                },
            },
            TlsError::InvalidMessage(_) => Self::Tls {
                server,
                reason: "what answers there speaks no TLS; its address may begin with `http://`".to_owned(),
            },
            TlsError::AlertReceived(alert) => Self::Tls {
                server,
                reason: format!(
                    "the server refused the handshake ({alert:?}); a client certificate may have expired or be missing"
                ),
            },
            other => Self::Tls {
                server,
                reason: other.to_string(),
            },
        }
    }
}

/// The error with its causes, also those that are wrapped in an error of the system.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut found = vec![error];
    while let Some(last) = found.last().copied() {
        let wrapped = last
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static));
        match wrapped.or_else(|| last.source()) {
            Some(next) => found.push(next),
            None => break,
        }
    }
    found
}

fn tls_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a TlsError> {
    cause.downcast_ref::<TlsError>()
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

fn told(problems: &[Finding]) -> String {
    let messages: Vec<_> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    messages.join("; ")
}

fn known(there: &[String]) -> String {
    if there.is_empty() {
        ": the kubeconfig has none".to_owned()
    } else {
        format!("; there are {}", there.join(", "))
    }
}

/// The error's last cause, which knows best.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_io(error: io::Error) -> ClusterError {
        let error = kube::Error::Service(Box::new(error));
        ClusterError::of_client("https://c:6443", &error)
    }

    #[test]
    fn what_the_certificate_lacks_is_found_below_the_errors_of_the_connection() {
        let tls = TlsError::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = of_io(io::Error::new(io::ErrorKind::InvalidData, tls));
        assert_eq!(error.code(), "certificate-untrusted");
    }

    #[test]
    fn a_refused_connection_is_told_in_the_systems_words() {
        let error = of_io(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(
            error.to_string(),
            "`https://c:6443` cannot be reached: connection refused"
        );
    }

    #[test]
    fn statuses_have_names_of_their_own() {
        let status = |code: u16, reason: &str| {
            let status = kube::core::Status::failure("no", reason).with_code(code);
            ClusterError::of_client("s", &kube::Error::Api(status.boxed()))
        };
        assert_eq!(status(401, "Unauthorized").code(), "unauthorized");
        assert_eq!(status(403, "Forbidden").code(), "forbidden");
        assert_eq!(status(409, "Conflict").code(), "refused");
        assert_eq!(
            status(404, "Failed to parse error data").code(),
            "not-kubernetes"
        );
    }
}
