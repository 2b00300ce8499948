//! Uploaded pipelines and their versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{PipelineId, PipelineVersionId};

/// An uploaded pipeline as it is remembered; what it consists of stands in its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Its id.
    pub id: PipelineId,
    /// Its name, unique and never changed.
    pub name: String,
    /// The name people see.
    pub display_name: String,
    /// What it does.
    pub description: String,
    /// Words and values to find it by.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One version of an uploaded pipeline as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineVersion {
    /// Its id.
    pub id: PipelineVersionId,
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Its name, unique in its pipeline and never changed.
    pub name: String,
    /// The name people see.
    pub display_name: String,
    /// What is new in it.
    pub description: String,
    /// Where its source is to be seen.
    pub code_source_url: String,
    /// Where it was fetched from, when it was not sent.
    pub package_url: String,
    /// Words and values to find it by.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The definition, byte for byte.
    pub definition: String,
}

/// The version of a pipeline that something is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionRef {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The version.
    pub version: PipelineVersionId,
}
