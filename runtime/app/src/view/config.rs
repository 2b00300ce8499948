//! Secrets and config maps, whose values go in and never come out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Bytes;

/// `PUT /secrets/{name}` and `PUT /config-maps/{name}`: replaces all values that this name had.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutConfig {
    /// Values by key.
    pub data: BTreeMap<String, Bytes>,
}

/// `GET /secrets` and `GET /config-maps`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigList {
    /// By name.
    pub items: Vec<Config>,
}

/// A secret or config map without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Config {
    /// Its name.
    pub name: String,
    /// Its keys.
    pub keys: Vec<String>,
}
