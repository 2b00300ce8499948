//! What is given to who fetches a model.

use serde_json::{Value, json};

/// The variable with the file of the certificates to trust, and that with the config map which has them.
pub(super) const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
pub(super) const CA_BUNDLE_CONFIG_MAP: &str = "AWS_CA_BUNDLE_CONFIGMAP";

/// Where certificates are, unless it is said.
const CERTIFICATES: &str = "/etc/ssl/custom-certs";

/// Variables, and files that are mounted.
#[derive(Default)]
pub(super) struct Credentials {
    pub(super) variables: Vec<Value>,
    pub(super) volumes: Vec<Value>,
    pub(super) mounts: Vec<Value>,
}

impl Credentials {
    /// Adds variables; of the same name, the last one stays.
    pub(super) fn replace(&mut self, variables: impl IntoIterator<Item = Value>) {
        for variable in variables {
            self.variables
                .retain(|found| found["name"] != variable["name"]);
            self.variables.push(variable);
        }
    }

    pub(super) fn mount(&mut self, (volume, mount): (Value, Value)) {
        if !self
            .volumes
            .iter()
            .any(|found| found["name"] == volume["name"])
        {
            self.volumes.push(volume);
        }
        self.mounts.push(mount);
    }

    /// Mounts the certificates that are to be trusted, where a config map with them is named.
    pub(super) fn mount_certificates(&mut self) {
        let value = |name: &str| {
            let found = self.variables.iter().find(|found| found["name"] == name);
            found.and_then(|found| found["value"].as_str().map(str::to_owned))
        };
        let Some(config_map) = value(CA_BUNDLE_CONFIG_MAP) else {
            return;
        };
        let file = value(CA_BUNDLE);
        let directory = file
            .as_deref()
            .and_then(|file| Some(file.rsplit_once('/')?.0));
        let directory = directory.unwrap_or(CERTIFICATES).to_owned();
        self.variables.extend([
            json!({ "name": "CA_BUNDLE_CONFIGMAP_NAME", "value": config_map }),
            json!({ "name": "CA_BUNDLE_VOLUME_MOUNT_POINT", "value": directory }),
        ]);
        self.mount((
            json!({ "name": "cabundle-cert", "configMap": { "name": config_map } }),
            json!({ "name": "cabundle-cert", "mountPath": directory, "readOnly": true }),
        ));
    }
}
