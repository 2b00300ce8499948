//! Why a bucket did not do what it was asked for.

use std::io;
use std::path::PathBuf;

/// Why a bucket did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The address is none of a store.
    #[error("`{endpoint}` is no address of a store: {reason}")]
    Address {
        /// As it was given.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such bucket.
    #[error("there is no bucket `{bucket}` at {endpoint}; make it first, or name another")]
    NoBucket {
        /// The bucket.
        bucket: String,
        /// The store.
        endpoint: String,
    },
    /// There is no such object.
    #[error("`{key}` is not in the bucket")]
    NoObject {
        /// Its key.
        key: String,
    },
    /// The store does not know who asks, or that one may not.
    #[error(
        "the store refuses `{key}` ({code}): look at the key's id, its secret and what they may do{detail}"
    )]
    Refused {
        /// The object.
        key: String,
        /// The store's word for it, such as `AccessDenied` or `SignatureDoesNotMatch`.
        code: String,
        /// What the store said beside it, after a colon; or nothing.
        detail: String,
    },
    /// The store has no room, or the quota of the bucket is used up.
    #[error(
        "the store has no room for `{key}` ({code}): free some, or raise the bucket's quota; the same call again goes on"
    )]
    Full {
        /// The object.
        key: String,
        /// The store's word for it.
        code: String,
    },
    /// Another answer than any that is known.
    #[error("the store answered {status} to `{key}`{detail}")]
    Unexpected {
        /// The object.
        key: String,
        /// The status, such as `500 Internal Server Error`.
        status: String,
        /// What the store said, after a colon; or nothing.
        detail: String,
    },
    /// The store cannot be reached, or broke off each time.
    #[error("the store cannot be reached for `{key}`")]
    Unreachable {
        /// The object.
        key: String,
        /// What happened the last time.
        source: io::Error,
    },
    /// What came is not what was sent.
    #[error("`{key}` is not what was put there: its checksum is {found} instead of {expected}")]
    Damaged {
        /// The object.
        key: String,
        /// What was written down when it was put, in hexadecimal.
        expected: String,
        /// What came.
        found: String,
    },
    /// The file is not as it was when its checksum was taken.
    #[error("`{}` changed while it was sent", file.display())]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
}
