//! The objects that an opened step is: a notebook, the claim that holds its files, and a config map with its code.
//! Pure.

use std::collections::{BTreeMap, BTreeSet};

use coracle_apiserver::Place;
use coracle_model::{ArtifactUri, AttemptSetting, ImageRef, StoredVolumeSource};
use coracle_objects::{Object, ObjectExt as _, Resource};
use coracle_plan::PIPELINES_NAMESPACE;
use coracle_store::Home;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::origin::Origin;
use super::workbook;

/// The file that opens.
pub(super) const WORKBOOK: &str = "step.ipynb";

/// The home directory, and the volume that holds it.
const HOME: &str = "/home/jovyan";
const FILES: &str = "files";

/// Where the code is before it is copied into the home, once.
const CODE: &str = "/opt/coracle";

/// The most that is taken of a step's name.
const NAME_LENGTH: usize = 24;

/// What an opened step is made of.
pub(super) struct Made {
    pub(super) notebook: Object,
    pub(super) claim: Object,
    pub(super) config_map: Object,
}

/// The notebook's name: the same for the same attempt.
pub(super) fn name(origin: &Origin) -> String {
    let attempt = &origin.attempt;
    let readable: String = attempt
        .path
        .name()
        .as_str()
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(NAME_LENGTH)
        .collect();
    let which = format!("{}\0{}\0{}", attempt.run, attempt.path, attempt.number);
    let digest = hex::encode(&Sha256::digest(which)[..4]);
    format!("{}-{digest}", readable.trim_matches('-'))
}

pub(super) fn place<'a>(resource: &'static Resource, name: &'a str) -> Place<'a> {
    Place::of(resource, PIPELINES_NAMESPACE, name)
}

/// The objects for a step. Its image has JupyterLab.
pub(super) fn of(name: &str, image: &ImageRef, origin: &Origin, home: &Home) -> Made {
    let attempt = &origin.attempt;
    let inputs = origin.inputs.iter();
    let inputs: BTreeSet<String> = inputs
        .filter_map(|(_, artifact)| path_inside(home, &artifact.uri))
        .collect();
    let outputs = path_inside(home, &origin.own);
    let mut mounts = vec![
        json!({ "name": FILES, "mountPath": HOME, "subPath": "home" }),
        json!({ "name": "code", "mountPath": CODE, "readOnly": true }),
    ];
    mounts.extend(inputs.iter().map(|path| {
        let below = path.trim_start_matches('/');
        json!({ "name": "artifacts", "mountPath": path, "subPath": below, "readOnly": true })
    }));
    // What it writes is the notebook's own: the run's artifacts stay what they are.
    mounts.extend(
        outputs
            .as_ref()
            .map(|path| json!({ "name": FILES, "mountPath": path, "subPath": "home/outputs" })),
    );
    let mut volumes = vec![
        json!({ "name": FILES, "persistentVolumeClaim": { "claimName": name } }),
        json!({ "name": "code", "configMap": { "name": name } }),
        json!({ "name": "artifacts", "hostPath": { "path": home.artifacts() } }),
    ];
    for (index, volume) in attempt.setting.volumes.iter().enumerate() {
        let (volume_name, mut mount) = (
            format!("given-{index}"),
            json!({ "mountPath": volume.target }),
        );
        mount["name"] = json!(volume_name);
        let mut source = match &volume.source {
            StoredVolumeSource::Secret { name, optional } => {
                json!({ "secret": { "secretName": name, "optional": optional } })
            }
            StoredVolumeSource::ConfigMap { name, optional } => {
                json!({ "configMap": { "name": name, "optional": optional } })
            }
            StoredVolumeSource::Claim { name, sub_path } => {
                mount["subPath"] = json!(sub_path);
                json!({ "persistentVolumeClaim": { "claimName": name } })
            }
        };
        source["name"] = json!(volume_name);
        mounts.push(mount);
        volumes.push(source);
    }
    let start =
        format!("mkdir -p \"$HOME\" && cp -n {CODE}/{WORKBOOK} \"$HOME/\"; exec start-notebook");
    let container = json!({
        "name": name,
        "image": image,
        "command": ["sh", "-c", start],
        "env": environment(&origin.attempt.environment, &origin.attempt.setting),
        "resources": resources(origin),
        "volumeMounts": mounts,
    });
    let labels = json!({ "coracle.dev/run": attempt.run, "coracle.dev/opened-step": "true" });
    let notebook = json!({
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": { "coracle.dev/step": attempt.path.as_str(), "coracle.dev/attempt": attempt.number.to_string() },
        },
        "spec": { "template": { "spec": { "containers": [container], "volumes": volumes } } },
    });
    let claim = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": name, "labels": labels },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    });
    let config_map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": name, "labels": labels },
        "data": { WORKBOOK: format!("{:#}", workbook::of(origin, home, outputs.as_deref())) },
    });
    Made {
        notebook: object(notebook),
        claim: object(claim),
        config_map: object(config_map),
    }
}

/// Has an object go with its owner.
pub(super) fn set_owner(object: &mut Object, notebook: &Object) {
    let owner = json!([{
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "name": notebook.name(),
        "uid": notebook.uid(),
    }]);
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("ownerReferences".to_owned(), owner);
    }
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// The step's variables: those that were recorded, and those that are looked up anew.
fn environment(given: &BTreeMap<String, String>, setting: &AttemptSetting) -> Vec<Value> {
    let home = json!({ "name": "HOME", "value": HOME });
    // `$(NAME)` was filled in when they were recorded, or stood for itself.
    let literal = given
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value.replace("$(", "$$(") }));
    let stored = setting.variables.iter().map(|stored| {
        let source = json!({ "name": stored.name, "key": stored.key, "optional": stored.optional });
        let kind = if stored.secret {
            "secretKeyRef"
        } else {
            "configMapKeyRef"
        };
        json!({ "name": stored.variable, "valueFrom": { kind: source } })
    });
    literal.chain(stored).chain([home]).collect()
}

/// What the step asks of the machine, without its limits: a notebook needs room beside the step.
fn resources(origin: &Origin) -> Value {
    match origin.attempt.resources.gpus {
        0 => json!({}),
        gpus => json!({ "limits": { "nvidia.com/gpu": gpus.to_string() } }),
    }
}

/// Where a step finds what a URI names: the tree of artifacts stands at the root of its container. None where it is not
/// kept on this machine.
pub(super) fn path_inside(home: &Home, uri: &ArtifactUri) -> Option<String> {
    let path = home.artifact_path(uri)?;
    let below = path.strip_prefix(home.artifacts()).ok()?;
    Some(format!("/{}", below.display()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_step_finds_artifacts_at_the_root() {
        let home = Home::at(Path::new("/home"));
        let inside = |uri: &str| path_inside(&home, &uri.into());
        for (uri, path) in [
            (
                "minio://b/v2/p/run/train/0-1",
                "/minio/b/v2/p/run/train/0-1",
            ),
            ("gs://b/k", "/gcs/b/k"),
            ("s3://b/k", "/s3/b/k"),
        ] {
            assert_eq!(inside(uri).as_deref(), Some(path));
        }
        assert_eq!(inside("https://b/k"), None);
    }
}
