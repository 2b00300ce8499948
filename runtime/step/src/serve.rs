//! Tasks that run no container of the user's: importers, and persistent volume claims.

use std::collections::BTreeMap;

use coracle_model::{Artifact, ArtifactUri, Failure, FailureCode, Value};
use coracle_plan::{ImportRequest, Served};
use coracle_spec::executor::LocalPaths;

use crate::replay::{Replay, Work};
use crate::step::Pod;

/// Does what a task asks for.
pub(crate) fn carry_out(pod: &Pod<'_>, work: &Work) -> Result<Served, Failure> {
    match work {
        Work::Import(request) => import(pod, request),
        // The engine has made or removed it before: it holds the permission to.
        Work::CreateVolume { name, .. } | Work::DeleteVolume { name } => {
            Ok(Served::Volume(name.clone()))
        }
        Work::Container(_) => Err(Failure::new(
            FailureCode::Internal,
            "a container is run, not served",
        )),
    }
}

/// Records an artifact that exists. There is no list of artifacts of earlier runs to find it in, so it is a new record.
fn import(pod: &Pod<'_>, request: &ImportRequest) -> Result<Served, Failure> {
    if request.uri.starts_with("oci://") {
        let message = format!(
            "`{}` is an image with a model, which is not mounted into pods here",
            request.uri
        );
        return Err(Failure::new(FailureCode::Unsupported, message));
    }
    let mut metadata = request.metadata.clone();
    if request.download_to_workspace {
        let target = pod.path(&LocalPaths::Mounted.workspace_path_of_uri(&request.uri));
        pod.store
            .fetch(&request.uri, &target)
            .map_err(|error| error.failure())?;
        if !target.exists() {
            let message = format!(
                "`{}` is not in the run's store, so it cannot be copied into the workspace",
                request.uri
            );
            return Err(Failure::new(FailureCode::BadInput, message));
        }
        metadata.insert("_kfp_workspace".to_owned(), Value::Bool(true));
    }
    Ok(Served::Artifact(Box::new(Artifact {
        id: None,
        name: "artifact".to_owned(),
        artifact_type: request.artifact_type.clone(),
        uri: ArtifactUri::from(request.uri.as_str()),
        metadata,
        custom_path: None,
    })))
}

/// The object that the engine is to make or remove for a task, as JSON.
pub(crate) fn claim(replay: &Replay, work: &Work) -> Option<String> {
    let text = |name: &str| {
        replay
            .input(name)
            .map(Value::to_text)
            .filter(|text| !text.is_empty())
    };
    let claim = match work {
        Work::CreateVolume { name, size } => serde_json::json!({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "annotations": replay.input("annotations").map(plain)},
            "spec": {
                "accessModes": replay.input("access_modes").map(plain),
                "resources": {"requests": {"storage": size}},
                "storageClassName": text("storage_class_name"),
                "volumeName": text("volume_name"),
            },
        }),
        Work::DeleteVolume { name } => serde_json::json!({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name},
        }),
        Work::Container(_) | Work::Import(_) => return None,
    };
    Some(without_nulls(claim).to_string())
}

fn plain(value: &Value) -> serde_json::Value {
    serde_json::from_str(&value.to_json()).unwrap_or_default()
}

fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .collect(),
        other => other,
    }
}
