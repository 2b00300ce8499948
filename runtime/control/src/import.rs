//! Importers and persistent volume claims: small work on the disk and in the store, done beside the loop.

use std::path::{Path, PathBuf};

use coracle_model::{Artifact, ArtifactUri, Failure, FailureCode, RunId, TaskPath, Value};
use coracle_plan::{ImportRequest, Observation, Served};
use coracle_store::{Change, Direction, Home, Store, VolumeClaim, Volumes};

/// Records an artifact that exists, or finds the record it has already.
pub(crate) fn import(
    store: &Store,
    home: &Home,
    run: RunId,
    workspace: &Path,
    request: ImportRequest,
) -> (Observation, Vec<Change>) {
    let task = request.task.clone();
    match record(store, home, workspace, request) {
        Ok((artifact, new)) => {
            let change = new.then(|| Change::Artifact {
                artifact: Box::new(artifact.clone()),
                run,
                path: task.clone(),
                key: artifact.name.clone(),
                direction: Direction::Produced,
            });
            let result = Ok(Served::Artifact(Box::new(artifact)));
            (
                Observation::Served { task, result },
                change.into_iter().collect(),
            )
        }
        Err(failure) => (
            Observation::Served {
                task,
                result: Err(failure),
            },
            Vec::new(),
        ),
    }
}

fn record(
    store: &Store,
    home: &Home,
    workspace: &Path,
    request: ImportRequest,
) -> Result<(Artifact, bool), Failure> {
    let uri = ArtifactUri::from(request.uri);
    let mut metadata = request.metadata;
    if request.download_to_workspace {
        copy_to_workspace(home, workspace, &uri)?;
        metadata.insert("_kfp_workspace".to_owned(), Value::Bool(true));
    }
    if !request.reimport {
        let known = store
            .same_artifact(&uri, &request.artifact_type, &metadata)
            .map_err(|error| Failure::new(FailureCode::Internal, error.to_string()))?;
        if let Some(artifact) = known {
            return Ok((artifact, false));
        }
    }
    let artifact = Artifact {
        id: Some(store.next_artifact_id()),
        name: "artifact".to_owned(),
        artifact_type: request.artifact_type,
        uri,
        metadata,
        custom_path: None,
        sha256: None,
    };
    Ok((artifact, true))
}

/// Copies an artifact's bytes to where the SDK looks for it in the workspace: `.artifacts/<scheme>/<key>`.
fn copy_to_workspace(home: &Home, workspace: &Path, uri: &ArtifactUri) -> Result<(), Failure> {
    let Some(source) = home.artifact_path(uri) else {
        return Err(Failure::new(
            FailureCode::Unsupported,
            format!("`{uri}` cannot be copied into the workspace"),
        )
        .with_hint(
            "only artifacts of this workbench are downloaded; use a minio://, s3:// or gs:// URI",
        ));
    };
    let missing = |error: std::io::Error| {
        Failure::new(
            FailureCode::BadInput,
            format!("failed to copy `{uri}` into the workspace: {error}"),
        )
    };
    let key = source
        .strip_prefix(home.artifacts())
        .map(PathBuf::from)
        .unwrap_or_default();
    copy_tree(&source, &workspace.join(".artifacts").join(key)).map_err(missing)
}

fn copy_tree(source: &Path, target: &Path) -> std::io::Result<()> {
    if !fs_err::metadata(source)?.is_dir() {
        if let Some(parent) = target.parent() {
            fs_err::create_dir_all(parent)?;
        }
        return fs_err::copy(source, target).map(drop);
    }
    fs_err::create_dir_all(target)?;
    for entry in fs_err::read_dir(source)? {
        let entry = entry?;
        copy_tree(&entry.path(), &target.join(entry.file_name()))?;
    }
    Ok(())
}

/// Makes a persistent volume claim, unless it is there.
pub(crate) fn create_volume(
    home: &Home,
    task: TaskPath,
    name: String,
    size: String,
) -> Observation {
    let claim = VolumeClaim {
        size,
        ..VolumeClaim::default()
    };
    let result = Volumes::new(home).create(&name, &claim);
    let result = result
        .map(|_| Served::Volume(name))
        .map_err(|error| Failure::new(FailureCode::MissingResource, error.to_string()));
    Observation::Served { task, result }
}

/// Removes a persistent volume claim. One that is not there is an error, as on a cluster.
pub(crate) fn delete_volume(home: &Home, task: TaskPath, name: String) -> Observation {
    let missing = || {
        Failure::new(
            FailureCode::MissingResource,
            format!("there is no volume claim `{name}`"),
        )
    };
    let result = match Volumes::new(home).delete(&name) {
        Ok(true) => Ok(Served::Volume(name)),
        Ok(false) => Err(missing()),
        Err(error) => Err(Failure::new(
            FailureCode::MissingResource,
            error.to_string(),
        )),
    };
    Observation::Served { task, result }
}
