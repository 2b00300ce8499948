//! A kind's type.

use serde_json::Value;

use super::model::{Schema, SchemaError};
use super::{built_in, custom};
use crate::api_version;

/// Whose kind it is: that decides how strictly bodies are read and what patches are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// One of Kubernetes' own: unknown fields are dropped, wrong types are 400, values pass through Go's types.
    BuiltIn,
    /// One that a custom resource definition describes: pruned and validated by its schema, with 422.
    Custom,
}

/// A kind in a version: its names and its type.
#[derive(Debug)]
pub struct ObjectType {
    /// The group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// Whose kind it is.
    pub origin: Origin,
    /// Its type.
    pub schema: Schema,
}

impl ObjectType {
    /// One of Kubernetes' own kinds, as version 1.34.4 has it; none when it is not among those that are embedded.
    pub fn built_in(group: &str, version: &str, kind: &str) -> Option<&'static Self> {
        built_in::kind(group, version, kind)
    }

    /// A kind that a custom resource definition describes by `openAPIV3Schema`. It is worth keeping.
    ///
    /// # Errors
    /// What is wrong with the schema.
    pub fn custom(
        group: &str,
        version: &str,
        kind: &str,
        open_api_schema: &Value,
    ) -> Result<Self, SchemaError> {
        Ok(Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            origin: Origin::Custom,
            schema: custom::root(open_api_schema)?,
        })
    }

    /// `apiVersion` of its objects.
    pub fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }
}
