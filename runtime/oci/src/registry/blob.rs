//! A blob at a registry: whether it is there, taken from a neighbour, or sent.

use ureq::http::{Method, StatusCode, header};

use super::request::{Ask, Registry};
use crate::digest::Digest;
use crate::error::PushError;
use crate::memory::Memory;
use crate::spool::Blob;

/// How a blob came to be at the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It was there.
    There,
    /// The registry took it from another of its repositories.
    Mounted {
        /// The repository.
        from: String,
    },
    /// It was sent.
    Sent {
        /// Bytes that went over the wire.
        bytes: u64,
    },
}

/// What a registry makes of the wish to send it a blob.
pub(super) enum Begun {
    /// It takes it at this URL.
    Upload {
        /// The URL.
        location: String,
        /// The smallest piece that it takes, in bytes, where it says so.
        smallest: Option<u64>,
    },
    /// It has it already, from the repository that was named.
    Mounted,
}

impl Registry<'_> {
    /// Has a blob be in the repository. `passed` is told how many of its bytes are there.
    ///
    /// # Errors
    /// When the registry refuses, or cannot be reached.
    pub(crate) fn ensure(
        &self,
        blob: &Blob,
        memory: &Memory,
        passed: &dyn Fn(u64),
    ) -> Result<Arrival, PushError> {
        if self.has(&blob.digest)? {
            memory.forget_upload(self.destination, &blob.digest);
            return Ok(Arrival::There);
        }
        self.upload(blob, memory, passed)
    }

    pub(super) fn has(&self, digest: &Digest) -> Result<bool, PushError> {
        let action = format!("say whether it has {digest}");
        let url = self.url(&format!("blobs/{digest}"));
        let answer = self.send(&Ask::new(Method::HEAD, url, action.as_str()))?;
        match answer.status() {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refusal(&action, answer)),
        }
    }

    /// Begins an upload, or has the registry take the blob from the repository `from`.
    pub(super) fn begin(&self, digest: &Digest, from: Option<&str>) -> Result<Begun, PushError> {
        let action = format!("take {digest}");
        let url = match from {
            Some(from) => {
                self.take_from(from);
                let mut query = form_urlencoded::Serializer::new(String::new());
                query
                    .append_pair("mount", digest.as_str())
                    .append_pair("from", from);
                self.url(&format!("blobs/uploads/?{}", query.finish()))
            }
            None => self.url("blobs/uploads/"),
        };
        let answer = self.send(&Ask::new(Method::POST, url, action.as_str()))?;
        match answer.status() {
            StatusCode::CREATED if from.is_some() => Ok(Begun::Mounted),
            StatusCode::ACCEPTED => {
                let of = |name: &str| answer.headers().get(name)?.to_str().ok();
                let smallest = of("oci-chunk-min-length").and_then(|text| text.trim().parse().ok());
                let location = of(header::LOCATION.as_str()).map(|location| self.located(location));
                location
                    .map(|location| Begun::Upload { location, smallest })
                    .ok_or_else(|| self.refusal(&action, answer))
            }
            _ => Err(self.refusal(&action, answer)),
        }
    }
}
