//! Where a container's variables come from.

use serde::Deserialize;

/// Variables from all keys of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFrom {
    /// Put before each key.
    pub prefix: String,
    /// Which object.
    pub source: EnvFromSource,
    /// Whether the object may be absent.
    pub optional: bool,
}

/// The object that variables come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvFromSource {
    /// A config map.
    ConfigMap(String),
    /// A secret.
    Secret(String),
    /// One that is not known here; nothing comes from it.
    Other,
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub source: EnvSource,
}

/// Where the value of a variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvSource {
    /// It was written, with references to other variables.
    Value(String),
    /// A key of a config map.
    ConfigMap(ObjectKey),
    /// A key of a secret.
    Secret(ObjectKey),
    /// A field of the pod.
    Field(FieldRef),
    /// What a container asks for.
    Resource(ResourceFieldRef),
}

/// A key of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct ObjectKey {
    /// The object.
    pub name: String,
    /// The key.
    pub key: String,
    /// Whether it may be absent.
    pub optional: bool,
}

/// A field of the pod.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldRef {
    /// Its path: `metadata.labels['app']`.
    pub field_path: String,
}

/// What a container asks for or may not go over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceFieldRef {
    /// The container, when not the one it stands in.
    pub container_name: String,
    /// `limits.cpu`.
    pub resource: String,
    /// The unit it is counted in; `0` and nothing are 1.
    pub divisor: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireEnvFrom {
    prefix: String,
    config_map_ref: Option<WireObject>,
    secret_ref: Option<WireObject>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireObject {
    name: String,
    optional: bool,
}

impl<'de> Deserialize<'de> for EnvFrom {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let wire = WireEnvFrom::deserialize(source)?;
        let (source, optional) = match (wire.config_map_ref, wire.secret_ref) {
            (Some(object), _) => (EnvFromSource::ConfigMap(object.name), object.optional),
            (None, Some(object)) => (EnvFromSource::Secret(object.name), object.optional),
            (None, None) => (EnvFromSource::Other, true),
        };
        Ok(Self {
            prefix: wire.prefix,
            source,
            optional,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireEnvVar {
    name: String,
    value: String,
    value_from: WireEnvSource,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireEnvSource {
    config_map_key_ref: Option<ObjectKey>,
    secret_key_ref: Option<ObjectKey>,
    field_ref: Option<FieldRef>,
    resource_field_ref: Option<ResourceFieldRef>,
}

impl<'de> Deserialize<'de> for EnvVar {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let wire = WireEnvVar::deserialize(source)?;
        let from = wire.value_from;
        let config_map = from.config_map_key_ref.map(EnvSource::ConfigMap);
        let secret = from.secret_key_ref.map(EnvSource::Secret);
        let field = from.field_ref.map(EnvSource::Field);
        let resource = from.resource_field_ref.map(EnvSource::Resource);
        let given = config_map.or(secret).or(field).or(resource);
        Ok(Self {
            name: wire.name,
            source: given.unwrap_or(EnvSource::Value(wire.value)),
        })
    }
}
