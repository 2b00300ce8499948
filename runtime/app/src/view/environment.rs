//! Prepared environments.

use coracle_model::{EnvironmentKey, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /environments`: the prepared environments that are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentList {
    /// The environments, newest first.
    pub environments: Vec<Environment>,
}

/// One prepared environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Environment {
    /// Its key; the beginning of it is enough to remove it.
    pub key: EnvironmentKey,
    /// The image it stands on.
    pub base: String,
    /// The text that was run to make it.
    pub install: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it takes on disk over its base.
    pub size_bytes: u64,
}
