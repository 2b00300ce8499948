//! The name under which objects are sent together.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a name of the cluster may have at most beside the prefix of its record.
const LONGEST: usize = 63;

/// The name under which objects are sent together, gone back with and removed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct DeploymentName(String);

/// Why a text is no name of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name of a deployment: it has lower-case letters, digits and `-`, begins and ends with a letter or digit, and has at most 63 of them"
)]
pub struct BadName(String);

impl DeploymentName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the record in the cluster.
    pub fn record(&self) -> String {
        format!("coracle-deployment-{}", self.0)
    }
}

impl TryFrom<String> for DeploymentName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (1..=LONGEST).contains(&text.len())
            && text.bytes().all(inside)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if good {
            Ok(Self(text))
        } else {
            Err(BadName(text))
        }
    }
}

impl From<DeploymentName> for String {
    fn from(name: DeploymentName) -> Self {
        name.0
    }
}

impl fmt::Display for DeploymentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_cluster_takes_is_a_name() {
        let of = |text: &str| DeploymentName::try_from(text.to_owned()).is_ok();
        assert!(of("iris-2"));
        for bad in ["", "-a", "a-", "A", "a.b", &"a".repeat(64)] {
            assert!(!of(bad), "{bad}");
        }
    }
}
