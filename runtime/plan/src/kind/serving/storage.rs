//! Where a model comes from, and how it gets to its server.
//!
//! ```text
//!   storageUri, storage ──► Source ──► pvc, file: a volume
//!                                 └──► elsewhere: an init container ◄── credentials of a key, or of the service account
//! ```

mod account;
mod key;
mod s3;
mod secret;

use std::collections::BTreeMap;

use coracle_objects::kind::inference_service::{SERVER, STORAGE_URI, TRANSFORMER, storage_uri};
use serde_json::{Map, Value, json};

use super::Unfit;
use crate::kind::step::World;

/// Where servers find their model.
pub(super) const MODELS: &str = "/mnt/models";

/// The annotation with a part's model.
pub(super) const SOURCE: &str = "internal.serving.kserve.io/storage-initializer-sourceuri";

/// What stands before a path whose storage the credentials will tell.
const UNKNOWN_SCHEME: &str = "<scheme-placeholder>://";

/// The annotation of a service by which its secret with credentials is another.
const NAMED_SECRET: &str = "serving.kserve.io/storageSecretName";

/// The variable with the file of the certificates to trust, and that with the config map which has them.
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
const CA_BUNDLE_CONFIG_MAP: &str = "AWS_CA_BUNDLE_CONFIGMAP";

/// Where certificates are, unless it is said.
const CERTIFICATES: &str = "/etc/ssl/custom-certs";

/// What fetches models from elsewhere.
const INITIALIZER: &str = "kserve/storage-initializer:v0.16.0";

/// Where models may come from.
const SCHEMES: [&str; 10] = [
    "gs", "s3", "pvc", "file", "https", "http", "hdfs", "webhdfs", "oci", "hf",
];

/// The schemes that are told, in KServe's words, where another is asked for.
fn unsupported(uri: &str) -> Unfit {
    let schemes = SCHEMES.map(|scheme| format!("{scheme}://")).join(", ");
    Unfit::predictor(format!(
        "StorageURI not supported: storageUri, must be one of: [{schemes}] or be an absolute or relative local path. \
         StorageUri [{uri}] is not supported."
    ))
}

/// Where the model of a part is.
pub(super) struct Source {
    /// Its place, or its path in a storage that its credentials tell.
    uri: String,
    /// The credentials that it names.
    keyed: Option<Keyed>,
}

/// What `storage` says of credentials.
struct Keyed {
    /// Empty where none is named.
    key: String,
    parameters: BTreeMap<String, String>,
}

/// Whose model is fetched.
pub(super) struct Asker<'a> {
    pub(super) world: &'a dyn World,
    pub(super) namespace: &'a str,
    /// The annotations of its pods.
    pub(super) annotations: &'a Map<String, Value>,
}

/// What is given to who fetches a model.
#[derive(Default)]
struct Credentials {
    variables: Vec<Value>,
    volumes: Vec<Value>,
    mounts: Vec<Value>,
}

impl Source {
    /// What a part says of its model; none where it says nothing.
    pub(super) fn of(part: &Map<String, Value>) -> Result<Option<Self>, Unfit> {
        let uri = storage_uri(part);
        let told = part
            .get("model")
            .and_then(|model| model.get("storage")?.as_object());
        let path = told.and_then(|told| told.get("path")?.as_str());
        let uri = match (uri, path) {
            (Some(_), Some(_)) => {
                return Err(Unfit::predictor(
                    "must provide only one of storageUri and storage.path".to_owned(),
                ));
            }
            (Some(uri), None) => uri.to_owned(),
            (None, Some(path)) => format!("{UNKNOWN_SCHEME}{}", path.trim_start_matches('/')),
            (None, None) => return Ok(None),
        };
        let keyed = told.map(|told| Keyed {
            key: told
                .get("key")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            parameters: told
                .get("parameters")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
        });
        Ok(Some(Self { uri, keyed }))
    }

    /// The annotations that tell of it.
    pub(super) fn annotations(&self) -> Map<String, Value> {
        let mut annotations = Map::new();
        annotations.insert(SOURCE.to_owned(), self.uri.clone().into());
        if let Some(keyed) = &self.keyed {
            let mut tell = |name: &str, value: String| {
                let name = format!("internal.serving.kserve.io/storage-spec{name}");
                annotations.insert(name, value.into());
            };
            tell("", "true".to_owned());
            if !keyed.parameters.is_empty() {
                tell("-param", json!(keyed.parameters).to_string());
            }
            if !keyed.key.is_empty() {
                tell("-key", keyed.key.clone());
            }
        }
        annotations
    }
}

impl<'a> Asker<'a> {
    fn named_secret(&self) -> Option<&'a str> {
        self.annotations.get(NAMED_SECRET)?.as_str()
    }
}

impl Credentials {
    /// Adds variables; of the same name, the last one stays.
    fn replace(&mut self, variables: impl IntoIterator<Item = Value>) {
        for variable in variables {
            self.variables
                .retain(|found| found["name"] != variable["name"]);
            self.variables.push(variable);
        }
    }

    fn mount(&mut self, (volume, mount): (Value, Value)) {
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
    fn mount_certificates(&mut self) {
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

/// Has a pod find a model at [`MODELS`].
pub(super) fn provide(
    pod: &mut Map<String, Value>,
    source: &Source,
    asker: &Asker,
) -> Result<(), Unfit> {
    let uri = source.uri.as_str();
    match uri.split_once("://") {
        Some(("pvc", place)) => {
            let (claim, path) = place.split_once('/').unwrap_or((place, ""));
            let volume = json!({ "name": "kserve-pvc-source", "persistentVolumeClaim": { "claimName": claim } });
            let mut mount =
                json!({ "name": "kserve-pvc-source", "mountPath": MODELS, "readOnly": true });
            if !path.is_empty() {
                mount["subPath"] = path.into();
            }
            add(pod, volume, &mount);
        }
        Some(("oci", _)) => {
            return Err(Unfit::predictor(
                "models in images (oci://) are not served here".to_owned(),
            ));
        }
        Some((scheme, _)) if !uri.starts_with(UNKNOWN_SCHEME) && !SCHEMES.contains(&scheme) => {
            return Err(unsupported(uri));
        }
        Some(("file", path)) => {
            let volume = json!({ "name": "kserve-local-source", "hostPath": { "path": path } });
            let mount =
                json!({ "name": "kserve-local-source", "mountPath": MODELS, "readOnly": true });
            add(pod, volume, &mount);
        }
        Some(_) | None => {
            let (uri, mut credentials) = match &source.keyed {
                Some(keyed) => key::credentials(asker, uri, keyed)?,
                None => {
                    let account = pod.get("serviceAccountName").and_then(Value::as_str);
                    let given = account::credentials(asker, account.unwrap_or_default())?;
                    (uri.to_owned(), given)
                }
            };
            credentials.mount_certificates();
            fetch(pod, &uri, credentials);
        }
    }
    name_the_place(pod);
    Ok(())
}

/// An init container fetches it into a directory of the pod's own.
fn fetch(pod: &mut Map<String, Value>, uri: &str, credentials: Credentials) {
    let volume = json!({ "name": "kserve-provision-location", "emptyDir": {} });
    let mount =
        json!({ "name": "kserve-provision-location", "mountPath": MODELS, "readOnly": true });
    add(pod, volume, &mount);
    add_volumes(pod, credentials.volumes);
    let variable = |name: &str, value: &str| json!({ "name": name, "value": value });
    let mut variables = credentials.variables;
    variables.extend([
        variable("HF_HUB_ENABLE_HF_TRANSFER", "1"),
        variable("HF_XET_HIGH_PERFORMANCE", "1"),
        variable("HF_XET_NUM_CONCURRENT_RANGE_GETS", "8"),
    ]);
    let mut mounts = vec![json!({ "name": "kserve-provision-location", "mountPath": MODELS })];
    mounts.extend(credentials.mounts);
    let initializer = json!({
        "name": "storage-initializer",
        "image": INITIALIZER,
        "args": [uri, MODELS],
        "env": variables,
        "resources": {
            "limits": { "cpu": "1", "memory": "1Gi" },
            "requests": { "cpu": "100m", "memory": "100Mi" },
        },
        "volumeMounts": mounts,
    });
    let before = pod.entry("initContainers").or_insert_with(|| json!([]));
    if let Some(before) = before.as_array_mut() {
        before.push(initializer);
    }
}

fn add(pod: &mut Map<String, Value>, volume: Value, mount: &Value) {
    for container in containers(pod).filter(|container| {
        [SERVER, TRANSFORMER]
            .iter()
            .any(|name| container["name"] == *name)
    }) {
        let mounts = container.entry("volumeMounts").or_insert_with(|| json!([]));
        if let Some(mounts) = mounts.as_array_mut() {
            mounts.push(mount.clone());
        }
    }
    add_volumes(pod, [volume]);
}

fn add_volumes(pod: &mut Map<String, Value>, added: impl IntoIterator<Item = Value>) {
    let volumes = pod.entry("volumes").or_insert_with(|| json!([]));
    if let Some(volumes) = volumes.as_array_mut() {
        volumes.extend(added);
    }
}

/// A server of one's own is told where its model is now.
fn name_the_place(pod: &mut Map<String, Value>) {
    for container in containers(pod).filter(|container| container["name"] == SERVER) {
        let variables = container.get_mut("env").and_then(Value::as_array_mut);
        for variable in variables
            .into_iter()
            .flatten()
            .filter(|variable| variable["name"] == STORAGE_URI)
        {
            variable["value"] = MODELS.into();
        }
    }
}

fn containers(pod: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let containers = pod.get_mut("containers").and_then(Value::as_array_mut);
    containers
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}
