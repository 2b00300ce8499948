//! What containers mount.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::environment::{FieldRef, ResourceFieldRef};
use super::resources::Amount;

/// The name of a volume, unique in its pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VolumeName(pub Arc<str>);

impl VolumeName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for VolumeName {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for VolumeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A volume.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    /// Its name.
    pub name: VolumeName,
    /// Where its files come from.
    pub source: VolumeSource,
}

/// Where a volume's files come from.
#[derive(Debug, Clone, PartialEq)]
pub enum VolumeSource {
    /// It is empty at first and goes with the pod.
    EmptyDir(EmptyDir),
    /// The keys of a config map.
    ConfigMap(KeyedSource),
    /// The keys of a secret.
    Secret(KeyedSource),
    /// Fields of the pod.
    Downward {
        /// Which.
        items: Vec<DownwardItem>,
        /// The mode of files that have none of their own.
        default_mode: Option<u32>,
    },
    /// Several of these in one directory.
    Projected {
        /// Which.
        sources: Vec<Projection>,
        /// The mode of files that have none of their own.
        default_mode: Option<u32>,
    },
    /// A volume that outlives the pod.
    Claim {
        /// The claim.
        name: String,
        /// Whether it cannot be written to.
        read_only: bool,
    },
    /// A path of the machine.
    HostPath(HostPath),
    /// A kind that one machine does not have, by its name in the spec.
    Other(String),
}

/// An empty directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmptyDir {
    /// `Memory` for one that takes memory.
    pub medium: String,
    /// The most it may hold.
    pub size_limit: Option<Amount>,
}

/// The keys of an object as files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyedSource {
    /// The object.
    pub name: String,
    /// Which keys, and as what; all of them when there are none.
    pub items: Vec<KeyItem>,
    /// The mode of files that have none of their own.
    pub default_mode: Option<u32>,
    /// Whether the object and its keys may be absent.
    pub optional: bool,
}

/// A key as a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct KeyItem {
    /// The key.
    pub key: String,
    /// The file, below the volume.
    pub path: String,
    /// Its mode.
    pub mode: Option<u32>,
}

/// A field of the pod as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownwardItem {
    /// The file, below the volume.
    pub path: String,
    /// What stands in it.
    pub source: DownwardSource,
    /// Its mode.
    pub mode: Option<u32>,
}

/// What stands in a file about the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownwardSource {
    /// A field of the pod.
    Field(FieldRef),
    /// What a container asks for.
    Resource(ResourceFieldRef),
}

/// One of the sources of a projected volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// The keys of a config map.
    ConfigMap(KeyedSource),
    /// The keys of a secret.
    Secret(KeyedSource),
    /// Fields of the pod.
    Downward(Vec<DownwardItem>),
    /// A token of the pod's account.
    Token(TokenProjection),
    /// One that one machine does not have, by its name in the spec.
    Other(String),
}

/// A token of the pod's account as a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenProjection {
    /// Whom it is for; empty for the API itself.
    pub audience: String,
    /// How long it is good for.
    pub expiration_seconds: Option<u64>,
    /// The file, below the volume.
    pub path: String,
}

/// A path of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPath {
    /// The path.
    pub path: String,
    /// What must be there, or is made.
    pub kind: HostPathKind,
}

/// What must be at a path of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum HostPathKind {
    /// Nothing is checked.
    #[default]
    #[serde(rename = "")]
    Unchecked,
    /// A directory, made when there is none.
    DirectoryOrCreate,
    /// A directory.
    Directory,
    /// A file, made when there is none.
    FileOrCreate,
    /// A file.
    File,
    /// A socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

impl<'de> Deserialize<'de> for Volume {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let mut fields = Map::<String, Value>::deserialize(source)?;
        let name = fields.remove("name").unwrap_or_default();
        let name = name.as_str().unwrap_or_default().into();
        // A volume that names no source is an empty directory.
        let (kind, value) = fields
            .into_iter()
            .next()
            .unwrap_or_else(|| ("emptyDir".to_owned(), Map::new().into()));
        let source = read_source(kind, value).map_err(serde::de::Error::custom)?;
        Ok(Self { name, source })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireKeyed {
    name: String,
    secret_name: String,
    items: Vec<KeyItem>,
    default_mode: Option<u32>,
    optional: bool,
}

impl From<WireKeyed> for KeyedSource {
    fn from(wire: WireKeyed) -> Self {
        let name = if wire.name.is_empty() {
            wire.secret_name
        } else {
            wire.name
        };
        Self {
            name,
            items: wire.items,
            default_mode: wire.default_mode,
            optional: wire.optional,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireDownward {
    items: Vec<WireDownwardItem>,
    default_mode: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDownwardItem {
    path: String,
    #[serde(default)]
    field_ref: FieldRef,
    resource_field_ref: Option<ResourceFieldRef>,
    mode: Option<u32>,
}

impl From<WireDownwardItem> for DownwardItem {
    fn from(wire: WireDownwardItem) -> Self {
        let resource = wire.resource_field_ref.map(DownwardSource::Resource);
        Self {
            path: wire.path,
            source: resource.unwrap_or(DownwardSource::Field(wire.field_ref)),
            mode: wire.mode,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireProjected {
    sources: Vec<Map<String, Value>>,
    default_mode: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireClaim {
    claim_name: String,
    read_only: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireHostPath {
    path: String,
    #[serde(rename = "type")]
    kind: HostPathKind,
}

fn read_source(kind: String, value: Value) -> Result<VolumeSource, serde_json::Error> {
    Ok(match kind.as_str() {
        "emptyDir" => VolumeSource::EmptyDir(serde_json::from_value(value)?),
        "configMap" => VolumeSource::ConfigMap(keyed(value)?),
        "secret" => VolumeSource::Secret(keyed(value)?),
        "downwardAPI" => {
            let wire: WireDownward = serde_json::from_value(value)?;
            VolumeSource::Downward {
                items: wire.items.into_iter().map(Into::into).collect(),
                default_mode: wire.default_mode,
            }
        }
        "projected" => {
            let wire: WireProjected = serde_json::from_value(value)?;
            let sources = wire
                .sources
                .into_iter()
                .filter_map(|source| source.into_iter().next());
            VolumeSource::Projected {
                sources: sources.map(projection).collect::<Result<_, _>>()?,
                default_mode: wire.default_mode,
            }
        }
        "persistentVolumeClaim" => {
            let wire: WireClaim = serde_json::from_value(value)?;
            VolumeSource::Claim {
                name: wire.claim_name,
                read_only: wire.read_only,
            }
        }
        "hostPath" => {
            let wire: WireHostPath = serde_json::from_value(value)?;
            VolumeSource::HostPath(HostPath {
                path: wire.path,
                kind: wire.kind,
            })
        }
        _ => VolumeSource::Other(kind),
    })
}

fn keyed(value: Value) -> Result<KeyedSource, serde_json::Error> {
    serde_json::from_value::<WireKeyed>(value).map(Into::into)
}

fn projection((kind, value): (String, Value)) -> Result<Projection, serde_json::Error> {
    Ok(match kind.as_str() {
        "configMap" => Projection::ConfigMap(keyed(value)?),
        "secret" => Projection::Secret(keyed(value)?),
        "downwardAPI" => {
            let wire: WireDownward = serde_json::from_value(value)?;
            Projection::Downward(wire.items.into_iter().map(Into::into).collect())
        }
        "serviceAccountToken" => Projection::Token(serde_json::from_value(value)?),
        _ => Projection::Other(kind),
    })
}
