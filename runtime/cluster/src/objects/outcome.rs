//! What came of each object.

use serde::{Deserialize, Serialize};

use super::name::DeploymentName;
use super::refusal::Refusal;
use crate::carrier::CarriedClaim;
use crate::key::ObjectKey;

/// What came of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ObjectDone))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Done {
    /// It was not there.
    Created,
    /// It was there, and is another now.
    Changed,
    /// It was there just so.
    Unchanged,
    /// It is as it was before the last deployment.
    Restored,
    /// It was told to go; finalizers may hold it for a while.
    Deleted,
    /// It was to go, and was not there any more.
    Gone,
    /// It was to go, and stays.
    Kept {
        /// Why it stays.
        reason: String,
    },
    /// The cluster said no.
    Refused {
        /// Why.
        refusal: Refusal,
        /// What to do about it.
        hint: String,
    },
    /// It was not asked for: the cluster was lost before, or stopped accepting the credentials.
    NotReached {
        /// What happened.
        reason: String,
    },
}

impl Done {
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self::Refused {
            hint: refusal.hint().to_owned(),
            refusal,
        }
    }

    /// Whether it is as was wished.
    pub fn is_done(&self) -> bool {
        !matches!(self, Self::Refused { .. } | Self::NotReached { .. })
    }
}

/// One object and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ObjectOutcome))]
pub struct Outcome {
    /// Which object.
    pub object: ObjectKey,
    /// What came of it.
    pub done: Done,
    /// What the cluster warned of, in its own words.
    pub warnings: Vec<String>,
}

/// What came of all objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deployed {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The namespace that its record is in.
    pub namespace: String,
    /// Each object in the order in which it was asked for.
    pub outcomes: Vec<Outcome>,
    /// The files of claims that were to go along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<CarriedClaim>,
    /// Why the record in the cluster is not up to date; the same command brings it up to date.
    pub record_problem: Option<String>,
}

impl Deployed {
    /// Whether everything is as was wished. Where not, the same command can be run again.
    pub fn is_finished(&self) -> bool {
        let data_is_there = self.data.iter().all(|claim| claim.problem.is_none());
        self.record_problem.is_none()
            && data_is_there
            && self.outcomes.iter().all(|outcome| outcome.done.is_done())
    }
}
