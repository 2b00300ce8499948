//! Lists in pages: `limit` and `continue`.

use crate::status::Status;

/// Where a list goes on, and of which version of the store it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continue {
    /// The version of the store that the first page was read at.
    pub resource_version: u64,
    /// The key, without the resource's own prefix, after which the page begins: `namespace/name`, or `name`.
    pub after: String,
}

impl Continue {
    /// The token that a client sends back.
    pub fn encode(&self) -> String {
        format!("{}:{}", self.resource_version, self.after)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// 400 for one that is none.
    pub fn decode(token: &str) -> Result<Self, Status> {
        let (version, after) = token
            .split_once(':')
            .ok_or_else(|| Status::bad_request("invalid continue token"))?;
        Ok(Self {
            resource_version: version
                .parse()
                .map_err(|_| Status::bad_request("invalid continue token"))?,
            after: after.to_owned(),
        })
    }
}

/// Reads `limit` of the query; none for all.
///
/// # Errors
/// 400 for what is no number.
pub fn limit(word: Option<&str>) -> Result<Option<usize>, Status> {
    Ok(word
        .and_then(|word| word.parse().ok())
        .filter(|limit| *limit > 0))
}

/// The refusal of a token whose version is no longer kept. `fresh` is a token that goes on with the newest version.
pub fn expired(fresh: &str) -> Status {
    let _ = fresh;
    Status::new(
        crate::status::Reason::Expired,
        "the provided continue parameter is too old",
    )
}
