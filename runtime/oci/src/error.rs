//! Why an image was not pushed.

use std::io;

use crate::destination::DestinationError;
use crate::digest::Digest;

/// Why an image was not pushed. What arrived stays there: the same push again goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The place is none to push to.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The registry wants to know who asks, or does not believe it.
    #[error("the registry `{registry}` does not let {who} push to `{repository}` (401){detail}")]
    Unauthorized {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// `ada`, or `somebody unnamed`.
        who: String,
        /// What the registry said, after a colon; or nothing.
        detail: String,
    },
    /// The registry knows who asks, and that one may not.
    #[error("{who} may not push to `{repository}` of the registry `{registry}` (403){detail}")]
    Denied {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// `ada`, or `somebody unnamed`.
        who: String,
        /// What the registry said, after a colon; or nothing.
        detail: String,
    },
    /// The registry makes no repositories by itself.
    #[error("the registry `{registry}` has no repository `{repository}`{detail}")]
    NoRepository {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// What the registry said, after a colon; or nothing.
        detail: String,
    },
    /// The registry has too many requests, also after several tries.
    #[error("the registry `{registry}` takes no more requests for now (429){detail}")]
    TooManyRequests {
        /// The registry.
        registry: String,
        /// What the registry said, after a colon; or nothing.
        detail: String,
    },
    /// The registry cannot be reached, or breaks off each time.
    #[error("the registry `{registry}` cannot be reached, or breaks off")]
    Unreachable {
        /// The registry.
        registry: String,
        /// What happened the last time.
        source: io::Error,
    },
    /// Another answer than any that is known.
    #[error("the registry `{registry}` answered {status} when it was to {action}{detail}")]
    Unexpected {
        /// The registry.
        registry: String,
        /// What it was asked: `take a piece of sha256:…`.
        action: String,
        /// The status, such as `500 Internal Server Error`.
        status: String,
        /// What it said, after a colon; or nothing.
        detail: String,
    },
    /// The credentials that Docker keeps cannot be had.
    #[error("the credentials for `{registry}` cannot be had: {reason}")]
    Credentials {
        /// The registry.
        registry: String,
        /// What is wrong.
        reason: String,
    },
    /// The engine's archive cannot be read, or is none of an image.
    #[error("the image cannot be read: {reason}")]
    Archive {
        /// What is wrong with it.
        reason: String,
    },
    /// A part of the image has other bytes than it should.
    #[error("{what} of the image is damaged: its digest is {found} instead of {expected}")]
    Damaged {
        /// `layer 2`, `the config`.
        what: String,
        /// As the image says.
        expected: Digest,
        /// As it is.
        found: Digest,
    },
    /// The temporary files of layers cannot be written or read.
    #[error("failed to keep layers in a temporary file")]
    Spool(#[source] io::Error),
    /// It was to end early.
    #[error("the push was cancelled")]
    Cancelled,
}

impl PushError {
    /// An archive that is none of an image.
    pub(crate) fn archive(reason: impl Into<String>) -> Self {
        Self::Archive {
            reason: reason.into(),
        }
    }

    /// What to try.
    pub fn hint(&self) -> Option<String> {
        let again = "what arrived stays there; the same push again goes on with it";
        match self {
            Self::Destination(_) | Self::Cancelled => None,
            Self::Unauthorized { registry, .. } => {
                Some(format!("run `docker login {registry}` and push again"))
            }
            Self::Denied { registry, .. } => Some(format!(
                "have the right to push given to that user, or `docker login {registry}` as another"
            )),
            Self::NoRepository { .. } => {
                Some("make the repository at the registry first, or name another".to_owned())
            }
            Self::TooManyRequests { .. } => Some(format!("wait a little; {again}")),
            Self::Unreachable { .. } => Some(format!("check the name and the network; {again}")),
            Self::Unexpected { .. } => Some(format!("look at the registry's log; {again}")),
            Self::Credentials { .. } => {
                Some("look at Docker's `config.json` and the program that it names".to_owned())
            }
            Self::Archive { .. } => {
                Some("see whether `docker save` writes the image whole".to_owned())
            }
            Self::Damaged { .. } => Some("pull or build the image again".to_owned()),
            Self::Spool(_) => Some(
                "make room on the disk of the data directory: the packed image has to fit there"
                    .to_owned(),
            ),
        }
    }
}
