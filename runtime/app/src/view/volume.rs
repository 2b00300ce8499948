//! Persistent volume claims.

use std::path::PathBuf;

use coracle_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// The query of `GET /volumes/{name}/files`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct FilesQuery {
    /// A folder, by its path in the volume; the volume itself when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// `GET /volumes/{name}/files`: what is in one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VolumeFiles {
    /// Folders first, and then by name.
    pub files: Vec<VolumeFile>,
    /// Whether there are more than are listed.
    pub truncated: bool,
}

/// Something in a folder of a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VolumeFile {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes in it, when it is a file.
    pub size_bytes: u64,
    /// When it was written last.
    pub modified_at: Option<Timestamp>,
}

/// What something in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A link, a pipe, a device: shown, and not opened.
    Other,
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
