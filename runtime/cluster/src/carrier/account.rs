//! What a transfer came to.

use serde::{Deserialize, Serialize};

use super::error::CarrierError;

/// What a transfer came to, or had come to when it stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = CarriedFiles))]
pub struct Account {
    /// Files, and links, that went over.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files, and links, that were there with the same bytes.
    pub there: u64,
    /// What cannot go over, with why.
    pub left_out: Vec<LeftOut>,
}

/// Something that cannot go over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = LeftOutFile))]
pub struct LeftOut {
    /// Its path.
    pub path: String,
    /// Why not.
    pub why: String,
}

/// What came of the files of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CarriedClaim {
    /// The claim.
    pub claim: String,
    /// Its namespace.
    pub namespace: String,
    /// What went over; what was there before stays, whatever the problem.
    pub files: Account,
    /// Why it stopped before its end.
    pub problem: Option<CarrierProblem>,
}

/// Why files did not go over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CarrierProblem {
    /// What to switch on: `volume-full`, `files-differ`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to try.
    pub hint: String,
}

impl From<&CarrierError> for CarrierProblem {
    fn from(error: &CarrierError) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}

/// A transfer that stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Stopped {
    /// Why.
    #[source]
    pub why: CarrierError,
    /// What had gone over by then; it stays.
    pub account: Account,
}

impl From<CarrierError> for Stopped {
    fn from(why: CarrierError) -> Self {
        Self {
            why,
            account: Account::default(),
        }
    }
}
