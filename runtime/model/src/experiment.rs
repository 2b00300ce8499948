//! Experiments: what runs are grouped by.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ExperimentId;

/// Whether something stands in the ordinary lists.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StorageState {
    /// It does.
    #[default]
    Available,
    /// It was put aside; it can be brought back.
    Archived,
}

impl StorageState {
    /// KFP's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "AVAILABLE",
            Self::Archived => "ARCHIVED",
        }
    }
}

impl std::str::FromStr for StorageState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Available, Self::Archived]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a storage state"))
    }
}

/// An experiment as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    /// Its id.
    pub id: ExperimentId,
    /// The name people see; unique.
    pub display_name: String,
    /// What it is about.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the last run in it was asked for.
    pub last_run_at: Option<Timestamp>,
    /// Whether it was put aside.
    pub storage: StorageState,
}
