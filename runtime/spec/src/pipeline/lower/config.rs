//! Secrets and config maps, as files or as environment variables.

use coracle_model::Value;

use super::input;
use super::mention::Scribe;
use crate::pipeline::ir::ParameterSource;
use crate::pipeline::message::{Field, Message, Shape};
use crate::pipeline::platform::{ConfigSource, ConfigVolume, KeyToVariable};

const SECRET_VOLUME: Shape = Shape {
    name: "SecretAsVolume",
    fields: &["secretName", "mountPath", "optional", "secretNameParameter"],
    oneofs: &[],
};

const SECRET_VARIABLES: Shape = Shape {
    name: "SecretAsEnv",
    fields: &["secretName", "keyToEnv", "optional", "secretNameParameter"],
    oneofs: &[],
};

const SECRET_KEY: Shape = Shape {
    name: "SecretKeyToEnvMap",
    fields: &["secretKey", "envVar"],
    oneofs: &[],
};

const CONFIG_MAP_VOLUME: Shape = Shape {
    name: "ConfigMapAsVolume",
    fields: &[
        "configMapName",
        "mountPath",
        "optional",
        "configMapNameParameter",
    ],
    oneofs: &[],
};

const CONFIG_MAP_VARIABLES: Shape = Shape {
    name: "ConfigMapAsEnv",
    fields: &[
        "configMapName",
        "keyToEnv",
        "configMapNameParameter",
        "optional",
    ],
    oneofs: &[],
};

const CONFIG_MAP_KEY: Shape = Shape {
    name: "ConfigMapKeyToEnvMap",
    fields: &["configMapKey", "envVar"],
    oneofs: &[],
};

/// Secrets or config maps: the same thing under different names.
pub(super) struct Family {
    volume_field: &'static str,
    volume: &'static Shape,
    source_field: &'static str,
    source: &'static Shape,
    key: &'static Shape,
    key_field: &'static str,
    parameter: &'static str,
    deprecated: &'static str,
}

pub(super) const SECRETS: Family = Family {
    volume_field: "secretAsVolume",
    volume: &SECRET_VOLUME,
    source_field: "secretAsEnv",
    source: &SECRET_VARIABLES,
    key: &SECRET_KEY,
    key_field: "secretKey",
    parameter: "secretNameParameter",
    deprecated: "secretName",
};

pub(super) const CONFIG_MAPS: Family = Family {
    volume_field: "configMapAsVolume",
    volume: &CONFIG_MAP_VOLUME,
    source_field: "configMapAsEnv",
    source: &CONFIG_MAP_VARIABLES,
    key: &CONFIG_MAP_KEY,
    key_field: "configMapKey",
    parameter: "configMapNameParameter",
    deprecated: "configMapName",
};

impl Family {
    /// Those that a pod mounts as files.
    pub(super) fn volumes(&self, config: &Message<'_>, scribe: &mut Scribe) -> Vec<ConfigVolume> {
        config
            .items(self.volume_field)
            .map(|field| {
                let message = field.message(self.volume);
                ConfigVolume {
                    name: self.name(field, &message, scribe),
                    mount_path: message.required("mountPath"),
                    optional: message.flag("optional"),
                }
            })
            .collect()
    }

    /// Those of which a pod gets keys as environment variables.
    pub(super) fn sources(&self, config: &Message<'_>, scribe: &mut Scribe) -> Vec<ConfigSource> {
        config
            .items(self.source_field)
            .map(|field| {
                let message = field.message(self.source);
                ConfigSource {
                    name: self.name(field, &message, scribe),
                    keys: message.items("keyToEnv").map(|key| self.key(key)).collect(),
                    optional: message.flag("optional"),
                }
            })
            .collect()
    }

    fn key(&self, field: Field<'_>) -> KeyToVariable {
        let message = field.message(self.key);
        KeyToVariable {
            key: message.required(self.key_field),
            variable: message.required("envVar"),
        }
    }

    /// New compilers write both fields; the parameter wins.
    fn name(
        &self,
        field: Field<'_>,
        message: &Message<'_>,
        scribe: &mut Scribe,
    ) -> ParameterSource {
        message.check_texts(&[self.deprecated]);
        if let Some(parameter) = message.get(self.parameter) {
            return input::platform_value(parameter, scribe);
        }
        let name = message.filled(self.deprecated).unwrap_or_else(|| {
            let problem = format!(
                "missing either `{}` or `{}` in `{}`",
                self.deprecated, self.parameter, field.name
            );
            field.error("missing-field", problem, "name the secret or config map");
            String::new()
        });
        ParameterSource::Constant(Value::from(name))
    }
}
