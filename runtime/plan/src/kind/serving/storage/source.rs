//! What a part says of its model: a place, or a path in a storage that credentials tell.

use std::collections::BTreeMap;

use coracle_objects::kind::inference_service::storage_uri;
use serde_json::{Map, Value, json};

use super::super::Unfit;

/// The annotation with a part's model.
pub(in super::super) const SOURCE: &str =
    "internal.serving.kserve.io/storage-initializer-sourceuri";

/// What stands before a path whose storage the credentials will tell.
pub(super) const UNKNOWN_SCHEME: &str = "<scheme-placeholder>://";

/// Where the model of a part is.
pub(in super::super) struct Source {
    /// Its place, or its path in a storage that its credentials tell.
    pub(super) uri: String,
    /// The credentials that it names.
    pub(super) keyed: Option<Keyed>,
}

/// What `storage` says of credentials.
pub(super) struct Keyed {
    /// Empty where none is named.
    pub(super) key: String,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Source {
    /// What a part says of its model; none where it says nothing.
    pub(in super::super) fn of(part: &Map<String, Value>) -> Result<Option<Self>, Unfit> {
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
    pub(in super::super) fn annotations(&self) -> Map<String, Value> {
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
