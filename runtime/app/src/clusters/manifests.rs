//! Files of objects: YAML or JSON, one object or more, also as a `List`.

use coracle_cluster::manifests;
use serde_json::Value;

use crate::error::AppError;
use crate::view::ManifestFile;

/// The objects of files, in their order.
///
/// # Errors
/// A file that is neither YAML nor JSON, told by its name.
pub(super) fn objects(files: &[ManifestFile]) -> Result<Vec<Value>, AppError> {
    let mut objects = Vec::new();
    for file in files {
        let read = manifests::read(&file.text).map_err(|error| {
            let hint = "a file holds objects as `kubectl apply -f` takes them";
            AppError::request(format!("`{}` cannot be read: {error}", file.name), hint)
        })?;
        objects.extend(read);
    }
    Ok(objects)
}
