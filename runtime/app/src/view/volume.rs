//! Persistent volume claims.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /volumes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VolumeList {
    /// By name.
    pub volumes: Vec<Volume>,
}

/// One volume claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// The size that was claimed, which nothing enforces here.
    pub size: String,
    /// `ReadWriteOnce` and so on.
    pub access_modes: Vec<String>,
    /// The directory that is mounted.
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// Bytes of the files in it.
    pub bytes: u64,
}

/// `PUT /volumes/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutVolume {
    /// The size as a Kubernetes quantity; `1Gi` when it is left out.
    #[serde(default = "usual_size")]
    pub size: String,
    /// `ReadWriteMany` when it is left out.
    #[serde(default = "usual_modes")]
    pub access_modes: Vec<String>,
}

impl Default for PutVolume {
    fn default() -> Self {
        Self {
            size: usual_size(),
            access_modes: usual_modes(),
        }
    }
}

fn usual_size() -> String {
    "1Gi".to_owned()
}

fn usual_modes() -> Vec<String> {
    vec!["ReadWriteMany".to_owned()]
}
