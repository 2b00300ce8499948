//! Why files did not go to a claim, or did not come from it.

use coracle_carry::Trouble;

use crate::error::ClusterError;
use crate::objects::{Refusal, RefusalKind, RequestError};

/// Why files did not go over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// The cluster cannot be asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The pod that opens the claim may not be made.
    #[error("a pod that opens the claim `{claim}` was refused: {refusal}")]
    PodRefused {
        /// The claim.
        claim: String,
        /// What the cluster said.
        refusal: Refusal,
    },
    /// There is no such claim.
    #[error("there is no claim `{claim}` in the namespace `{namespace}`")]
    NoClaim {
        /// The claim.
        claim: String,
        /// The namespace.
        namespace: String,
    },
    /// The image cannot be had there.
    #[error("the cluster cannot pull `{image}`: {told}")]
    NoImage {
        /// The image.
        image: String,
        /// What the cluster said.
        told: String,
    },
    /// The volume is used on another node, and can be on one only.
    #[error("the claim `{claim}` is in use on another node: {told}")]
    InUse {
        /// The claim.
        claim: String,
        /// What the cluster said.
        told: String,
    },
    /// The pod does not come to run.
    #[error("the pod that opens the claim `{claim}` did not start: {told}")]
    NotStarted {
        /// The claim.
        claim: String,
        /// What the cluster said last.
        told: String,
    },
    /// The pod ended or went meanwhile.
    #[error("the pod that opens the claim was ended meanwhile: {told}")]
    PodEnded {
        /// What the cluster said of it.
        told: String,
    },
    /// Nothing may be executed in pods, or the cluster could not do it.
    #[error("nothing can be executed in the pod that opens the claim: {0}")]
    ExecRefused(Refusal),
    /// The connection broke.
    #[error("the connection to the pod that opens the claim was lost: {0}")]
    Lost(String),
    /// The far end could not go on.
    #[error("the volume of the claim: {message}")]
    Volume {
        /// What to switch on.
        trouble: Trouble,
        /// In words.
        message: String,
    },
    /// The image is another one.
    #[error("the image of the pod is no `coracle-step` of this version: {0}")]
    NotTheProgram(String),
    /// Files of this machine cannot be read or written.
    #[error("on this machine: {message}")]
    Here {
        /// What to switch on.
        trouble: Trouble,
        /// In words.
        message: String,
    },
    /// Other files are there under the same names, and nobody said that they may be replaced.
    #[error("{} there with other content: {}", counted(.paths), shown(.paths))]
    Different {
        /// Their paths.
        paths: Vec<String>,
    },
    /// What came is not what was sent.
    #[error("{} not arrive as sent, or changed meanwhile: {}", did(.paths), shown(.paths))]
    Unequal {
        /// Their paths.
        paths: Vec<String>,
    },
}

/// How many paths an error names.
const SHOWN: usize = 5;

fn shown(paths: &[String]) -> String {
    let first: Vec<_> = paths
        .iter()
        .take(SHOWN)
        .map(|path| format!("`{path}`"))
        .collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn counted(paths: &[String]) -> String {
    match paths.len() {
        1 => "1 file is".to_owned(),
        many => format!("{many} files are"),
    }
}

fn did(paths: &[String]) -> String {
    match paths.len() {
        1 => "1 file did".to_owned(),
        many => format!("{many} files did"),
    }
}

impl CarrierError {
    /// What to switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cluster(error) => error.code(),
            Self::PodRefused { refusal, .. } => match refusal.kind {
                RefusalKind::Forbidden => "forbidden",
                RefusalKind::QuotaExceeded => "quota-exceeded",
                _ => "pod-refused",
            },
            Self::NoClaim { .. } => "no-claim",
            Self::NoImage { .. } => "image-unavailable",
            Self::InUse { .. } => "claim-in-use",
            Self::NotStarted { .. } => "pod-not-started",
            Self::PodEnded { .. } => "pod-ended",
            Self::ExecRefused(refusal) => match refusal.kind {
                RefusalKind::Forbidden => "exec-forbidden",
                _ => "exec-refused",
            },
            Self::Lost(_) => "connection-lost",
            Self::Volume { trouble, .. } => match trouble {
                Trouble::NoSpace => "volume-full",
                Trouble::NotAllowed => "volume-not-writable",
                Trouble::ReadOnly => "volume-read-only",
                Trouble::Changed | Trouble::Occupied | Trouble::Missing | Trouble::Other => {
                    "volume-failed"
                }
            },
            Self::NotTheProgram(_) => "wrong-image",
            Self::Here { .. } => "files-here",
            Self::Different { .. } => "files-differ",
            Self::Unequal { .. } => "files-unequal",
        }
    }

    /// Whether what was asked for is not on the volume.
    pub fn is_missing(&self) -> bool {
        let missing = Trouble::Missing;
        matches!(self, Self::Volume { trouble, .. } if *trouble == missing)
    }

    /// What to try.
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Cluster(error) => return error.hint(),
            Self::PodRefused { refusal, .. } => refusal.hint(),
            Self::NoClaim { .. } => "deploy the claim first, or see its name and namespace",
            Self::NoImage { .. } => {
                "build it with `runtime/step/image NAME`, push it to a registry that the cluster's nodes pull from, and name it there"
            }
            Self::InUse { .. } => {
                "stop the pod that uses it, or use a claim that can be read and written by many; then run the same command again"
            }
            Self::NotStarted { .. } => {
                "see what the cluster said; the pod was removed, and the same command can be run again"
            }
            Self::PodEnded { .. } | Self::Lost(_) => {
                "run the same command again: what has arrived is not sent again"
            }
            Self::ExecRefused(refusal) if refusal.kind == RefusalKind::Forbidden => {
                "ask whoever runs the cluster for `get` and `create` on `pods/exec` in this namespace"
            }
            Self::ExecRefused(refusal) => refusal.hint(),
            Self::Volume { trouble, .. } => match trouble {
                Trouble::NoSpace => {
                    "have the claim be larger, or free some of it; then run the same command again: what has arrived stays"
                }
                Trouble::NotAllowed => {
                    "the volume belongs to another user than the pod may be; let its folder be written by the pod's group"
                }
                Trouble::ReadOnly => "choose a claim that can be written",
                Trouble::Changed | Trouble::Occupied | Trouble::Missing | Trouble::Other => {
                    "see what is there with a pod of your own; the same command can be run again"
                }
            },
            Self::NotTheProgram(_) => {
                "build the image with `runtime/step/image NAME` of the version that this is"
            }
            Self::Here { .. } => {
                "see that the files can be read, and that nobody writes to them meanwhile"
            }
            Self::Different { .. } => "nothing was sent; replace them with `--overwrite`",
            Self::Unequal { .. } => {
                "see that nobody writes to them meanwhile, and run the same command again"
            }
        };
        hint.to_owned()
    }

    /// That a request about the pod had no result.
    pub(super) fn of_request(server: &str, claim: &str, error: RequestError) -> Self {
        match error {
            RequestError::Lost(reason) => Self::Cluster(ClusterError::Unreachable {
                server: server.to_owned(),
                reason,
            }),
            RequestError::Refused(refusal) => Self::PodRefused {
                claim: claim.to_owned(),
                refusal,
            },
        }
    }

    pub(super) fn here(error: &coracle_carry::CarryError) -> Self {
        match coracle_carry::Line::failed(error) {
            coracle_carry::Line::Failed { trouble, message } => Self::Here { trouble, message },
            _ => Self::Here {
                trouble: error.trouble(),
                message: error.to_string(),
            },
        }
    }
}
