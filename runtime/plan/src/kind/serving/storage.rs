//! Where a model comes from, and how it gets to its server.
//!
//! ```text
//!   storageUri, storage ──► Source ──► pvc, file: a volume
//!                                 └──► elsewhere: an init container ◄── credentials of a key, or of the service account
//! ```

mod account;
mod credentials;
mod key;
mod s3;
mod secret;
mod source;

use coracle_objects::kind::inference_service::{SERVER, STORAGE_URI, TRANSFORMER};
use serde_json::{Map, Value, json};

use super::Unfit;
use crate::kind::step::World;

use credentials::Credentials;
use source::UNKNOWN_SCHEME;

pub(super) use source::{SOURCE, Source};

/// Where servers find their model.
pub(super) const MODELS: &str = "/mnt/models";

/// The annotation of a service by which its secret with credentials is another.
const NAMED_SECRET: &str = "serving.kserve.io/storageSecretName";

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

/// Whose model is fetched.
pub(super) struct Asker<'a> {
    pub(super) world: &'a dyn World,
    pub(super) namespace: &'a str,
    /// The annotations of its pods.
    pub(super) annotations: &'a Map<String, Value>,
}

impl<'a> Asker<'a> {
    fn named_secret(&self) -> Option<&'a str> {
        self.annotations.get(NAMED_SECRET)?.as_str()
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
