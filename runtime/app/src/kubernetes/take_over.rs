//! Secrets and config maps that an older version kept as files become objects.
//!
//! ```text
//!   files ──► objects, one commit each ──► flushed to the disk ──► the files go
//! ```
//!
//! Killed at any line, it is begun again at the next start: what is an object by then is only recognised.

use coracle_apiserver::{ApiServer, Place};
use coracle_objects::{Reason, Status};
use coracle_plan::PIPELINES_NAMESPACE;
use coracle_store::{ConfigFile, ConfigFiles, Store};

use super::MANAGER;
use crate::configs;
use crate::error::AppError;

/// Makes objects of the files, and removes those that are not needed any more. A file that no object can be made of
/// stays where it is, and is told of.
///
/// # Errors
/// What the file system and the database said.
pub(crate) fn take_over(
    api: &ApiServer,
    store: &Store,
    files: &ConfigFiles,
) -> Result<(), AppError> {
    let found = files.read()?;
    let mut taken = Vec::with_capacity(found.len());
    for file in found {
        match take(api, &file)? {
            Taken::Yes => taken.push(file),
            Taken::No { why } => tracing::warn!(
                file = %file.path.display(),
                "this file of an older version stays, and nothing reads it: {why}"
            ),
        }
    }
    if !taken.is_empty() {
        store.flush()?;
        tracing::info!(
            count = taken.len(),
            "secrets and config maps of an older version are objects now"
        );
    }
    files.remove(&taken)?;
    Ok(())
}

/// Whether an object holds what a file held.
enum Taken {
    Yes,
    No { why: String },
}

fn take(api: &ApiServer, file: &ConfigFile) -> Result<Taken, Status> {
    let Some(data) = &file.data else {
        let why = "it is not what an older version wrote".to_owned();
        return Ok(Taken::No { why });
    };
    let object = configs::object(file.kind, &file.name, data);
    let place = Place::of(
        configs::resource(file.kind),
        PIPELINES_NAMESPACE,
        &file.name,
    );
    if let Some(stands) = api.find(place.resource, place.namespace, place.name) {
        if configs::same_values(&stands.body, &object) {
            return Ok(Taken::Yes);
        }
        let why = "there is an object of its name with other values".to_owned();
        return Ok(Taken::No { why });
    }
    match api.create_object(&place, &object, MANAGER) {
        Ok(_) => Ok(Taken::Yes),
        Err(status) if status.reason == Reason::InternalError => Err(status),
        Err(status) => Ok(Taken::No {
            why: status.message,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use coracle_model::Timestamp;
    use coracle_objects::{Object, ObjectExt as _, kind};
    use coracle_store::{Home, Objects};
    use fs_err as fs;
    use serde_json::json;

    use super::*;
    use crate::kubernetes::stand;

    const TOKEN: &str = r#"{"version":1,"values":{"token":"68757368","raw":"00ff"}}"#;

    /// A home, and the API over what it has stored.
    struct Old {
        home: Home,
        store: Store,
        api: ApiServer,
    }

    impl Old {
        fn at(root: &Path) -> Self {
            let home = Home::at(root);
            let store = Store::open(&home).unwrap();
            let objects = Objects::open(store.clone()).unwrap();
            let api = ApiServer::new(objects, Arc::new(|| Timestamp::UNIX_EPOCH), "test");
            stand(&api).unwrap();
            Self { home, store, api }
        }

        fn file(&self, path: &str) -> PathBuf {
            self.home.data().join("secrets").join(path)
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.file(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn take_over(&self) {
            take_over(&self.api, &self.store, &ConfigFiles::new(&self.home)).unwrap();
        }

        fn secret(&self, name: &str) -> Object {
            let found = self.api.find(kind::secrets(), "default", name).unwrap();
            found.body.clone()
        }
    }

    #[test]
    fn files_become_objects_and_go() {
        let root = tempfile::tempdir().unwrap();
        let old = Old::at(root.path());
        old.write("secret/token", TOKEN);
        old.write("secret/.tmp-01", "hal");
        old.write("configmap/settings", TOKEN);
        old.take_over();
        let secret = old.secret("token");
        assert_eq!(
            secret["data"],
            json!({ "token": "aHVzaA==", "raw": "AP8=" })
        );
        assert_eq!(secret["type"], "Opaque");
        assert_eq!(secret["metadata"]["managedFields"][0]["manager"], "coracle");
        let map = old.api.find(kind::config_maps(), "default", "settings");
        let map = map.unwrap();
        assert_eq!(map.body["data"], json!({ "token": "hush" }));
        assert_eq!(map.body["binaryData"], json!({ "raw": "AP8=" }));
        assert!(!old.file("").exists());
    }

    #[test]
    fn what_was_cut_short_is_finished_at_the_next_start() {
        let root = tempfile::tempdir().unwrap();
        let version = {
            let old = Old::at(root.path());
            old.write("secret/token", TOKEN);
            old.take_over();
            // As if it had been killed before the file went, and before another was read.
            old.write("secret/token", TOKEN);
            old.write("secret/other", TOKEN);
            old.secret("token").resource_version().to_owned()
        };
        let old = Old::at(root.path());
        old.take_over();
        assert_eq!(old.secret("token").resource_version(), version);
        assert_eq!(old.secret("other")["data"]["token"], "aHVzaA==");
        assert!(!old.file("").exists());
        let last = old.api.objects().version();
        old.take_over();
        assert_eq!(old.api.objects().version(), last);
    }

    #[test]
    fn an_object_of_the_same_name_and_a_damaged_file_lose_nothing() {
        let root = tempfile::tempdir().unwrap();
        let old = Old::at(root.path());
        let other = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": "token", "namespace": "default" },
            "data": { "token": "b3RoZXI=" },
        });
        let place = Place::of(kind::secrets(), "default", "token");
        old.api
            .create_object(&place, other.as_object().unwrap(), "kubectl")
            .unwrap();
        old.write("secret/token", TOKEN);
        old.write("secret/damaged", "hal");
        old.write("secret/good", TOKEN);
        old.take_over();
        assert_eq!(old.secret("token")["data"], json!({ "token": "b3RoZXI=" }));
        assert_eq!(fs::read_to_string(old.file("secret/token")).unwrap(), TOKEN);
        assert_eq!(
            fs::read_to_string(old.file("secret/damaged")).unwrap(),
            "hal"
        );
        assert_eq!(old.secret("good")["data"]["raw"], "AP8=");
        assert!(!old.file("secret/good").exists());
    }
}
