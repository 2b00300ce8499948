//! Where a bucket is, and as whom it is asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a bucket is, and as whom it is asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The URL of the store, without the bucket: `https://s3.eu-central-1.amazonaws.com`, `http://minio:9000`.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// The region that requests are signed for; stores that have none take any, such as `us-east-1`.
    pub region: String,
    /// The key's id; empty for a bucket that everybody may use.
    pub key_id: String,
    /// The key.
    pub secret: String,
    /// The token of a session, for keys that are lent.
    pub token: Option<String>,
    /// Whether the bucket is named in the path, as most stores but AWS want it, rather than in the host.
    pub is_in_path: bool,
    /// Whose word is taken for who the store is, where it is asked by TLS.
    pub trusted: Trusted,
}

/// Whose word is taken for who a store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trusted {
    /// Who the machine trusts.
    Machine,
    /// Who Mozilla trusts, by the list in this program: for images that hold no list.
    Public,
    /// The certificates of this PEM text alone.
    These(String),
}

/// Without the key.
impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Access")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}
