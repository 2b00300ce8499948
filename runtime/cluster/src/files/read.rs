//! A folder of objects read back.

use std::io;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use serde_json::Value;

use super::layout::KUSTOMIZATION;

/// Why a folder's objects could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file is not what it should be.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The objects of a folder that was exported, in their order.
///
/// Only `resources` that are files of the folder itself are read. What else a kustomization may ask for (patches,
/// generators, other folders) is refused: it would have to be carried out, and nothing here does.
pub fn read(directory: &Path) -> Result<Vec<Value>, ReadError> {
    let path = directory.join(KUSTOMIZATION);
    let kustomization = parse(&path)?;
    let wrong = |reason: String| ReadError::Content {
        path: path.clone(),
        reason,
    };
    let map = kustomization
        .as_object()
        .ok_or_else(|| wrong("it is no map".to_owned()))?;
    let known = ["apiVersion", "kind", "resources"];
    if let Some(other) = map.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(wrong(format!(
            "`{other}` is not understood; have `kubectl kustomize` carry it out"
        )));
    }
    let resources = map.get("resources").and_then(Value::as_array);
    let names = resources.map(Vec::as_slice).unwrap_or_default();
    let read_one = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        if is_own(name) {
            parse(&directory.join(name))
        } else {
            Err(wrong(format!("`{name}` is no file of this folder")))
        }
    };
    names.iter().map(read_one).collect()
}

/// The files of the folder itself that a kustomization's text names; none where it cannot be read.
pub(super) fn resources(kustomization: &str) -> Vec<String> {
    let value: Value = serde_saphyr::from_str(kustomization).unwrap_or_default();
    let names = value["resources"].as_array().cloned().unwrap_or_default();
    names
        .iter()
        .filter_map(Value::as_str)
        .filter(|name| is_own(name))
        .map(str::to_owned)
        .collect()
}

/// Whether it is a file's name and no path.
fn is_own(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(_)), None)
    )
}

fn parse(path: &Path) -> Result<Value, ReadError> {
    let text = fs::read_to_string(path)?;
    serde_saphyr::from_str(&text).map_err(|error| ReadError::Content {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
