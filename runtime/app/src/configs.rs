//! Secrets and config maps: keeping, listing and removing them, which are objects of the Kubernetes API in the namespace
//! of pipelines. Their values are never given out.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coracle_apiserver::{ApiServer, Place};
use coracle_objects::{Object, ObjectExt as _, Reason, Resource, Status, kind};
use coracle_plan::PIPELINES_NAMESPACE;
use coracle_plan::kind::namespace::ROOT_CERTIFICATES;
use coracle_store::{ConfigKind, StoredObject};
use serde_json::{Map, Value, json};

use crate::error::AppError;
use crate::kubernetes::MANAGER;
use crate::view::{Config, ConfigList, PutConfig};
use crate::workbench::{Workbench, off_runtime};

/// The fields that hold a secret's or config map's values.
const VALUES: [&str; 2] = ["data", "binaryData"];

impl Workbench {
    /// The secrets or config maps, by name, with their keys.
    pub fn configs_of(&self, kind: ConfigKind) -> ConfigList {
        let found = self
            .kubernetes()
            .all(resource(kind), Some(PIPELINES_NAMESPACE));
        // Every namespace has it by itself; nobody keeps anything in it.
        let kept = found
            .iter()
            .filter(|config| config.key.name != ROOT_CERTIFICATES);
        let items = kept.map(|config| Config {
            name: config.key.name.clone(),
            keys: keys(&config.body),
        });
        ConfigList {
            items: items.collect(),
        }
    }

    /// Keeps a secret or config map; the values that this name had are replaced as a whole.
    ///
    /// # Errors
    /// What the Kubernetes API refuses: names, keys, sizes, changes of what is immutable.
    pub async fn put_config(
        &self,
        kind: ConfigKind,
        name: String,
        request: PutConfig,
    ) -> Result<(), AppError> {
        let api = self.kubernetes().clone();
        let data = request
            .data
            .into_iter()
            .map(|(key, value)| (key, value.0))
            .collect();
        let config = object(kind, &name, &data);
        off_runtime(move || Ok(put(&api, kind, &config)?)).await
    }

    /// Removes a secret or config map.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn remove_config(&self, kind: ConfigKind, name: String) -> Result<(), AppError> {
        let api = self.kubernetes().clone();
        let removed = off_runtime({
            let name = name.clone();
            move || {
                let place = Place::of(resource(kind), PIPELINES_NAMESPACE, &name);
                match api.delete(&place, &Default::default()) {
                    Err(status) if status.reason == Reason::NotFound => Ok(false),
                    answer => Ok(answer.map(|_| true)?),
                }
            }
        });
        if removed.await? {
            return Ok(());
        }
        let (what, command) = match kind {
            ConfigKind::Secret => ("secret", "coracle secret list"),
            ConfigKind::ConfigMap => ("config map", "coracle config-map list"),
        };
        Err(AppError::NotFound {
            what,
            name,
            hint: format!("`{command}` lists those there are"),
        })
    }
}

/// Makes it, or puts its values in the place of those that stand under its name.
fn put(api: &ApiServer, kind: ConfigKind, config: &Object) -> Result<(), Status> {
    let place = Place::of(resource(kind), PIPELINES_NAMESPACE, config.name());
    loop {
        let written = match api.find(place.resource, place.namespace, place.name) {
            None => api.create_object(&place, config, MANAGER),
            Some(stands) => replace_values(api, &place, &stands, config),
        };
        match written {
            // Somebody was quicker: what they left is looked at anew.
            Err(status) if matches!(status.reason, Reason::AlreadyExists | Reason::Conflict) => {}
            answer => return answer.map(drop),
        }
    }
}

fn replace_values(
    api: &ApiServer,
    place: &Place<'_>,
    stands: &StoredObject,
    config: &Object,
) -> Result<Arc<StoredObject>, Status> {
    let mut changed = stands.body.clone();
    for field in VALUES {
        changed.remove(field);
        let values = config.get(field).cloned();
        changed.extend(values.map(|values| (field.to_owned(), values)));
    }
    api.update_object(place, &changed, MANAGER)
}

/// The object that holds values under a name.
pub(crate) fn object(kind: ConfigKind, name: &str, data: &BTreeMap<String, Vec<u8>>) -> Object {
    let mut texts = Map::new();
    let mut bytes = Map::new();
    for (key, value) in data {
        match (kind, std::str::from_utf8(value)) {
            (ConfigKind::ConfigMap, Ok(text)) => texts.insert(key.clone(), text.into()),
            (ConfigKind::ConfigMap, Err(_)) | (ConfigKind::Secret, _) => {
                bytes.insert(key.clone(), STANDARD.encode(value).into())
            }
        };
    }
    let metadata = json!({ "name": name, "namespace": PIPELINES_NAMESPACE });
    let mut object = Object::new();
    object.insert("apiVersion".to_owned(), "v1".into());
    object.insert("kind".to_owned(), resource(kind).kind.into());
    object.insert("metadata".to_owned(), metadata);
    let fields = match kind {
        ConfigKind::Secret => [("data", bytes), ("binaryData", Map::new())],
        ConfigKind::ConfigMap => [("data", texts), ("binaryData", bytes)],
    };
    let set = fields.into_iter().filter(|(_, values)| !values.is_empty());
    object.extend(set.map(|(field, values)| (field.to_owned(), Value::Object(values))));
    object
}

/// Whether two objects hold the same values.
pub(crate) fn same_values(one: &Object, other: &Object) -> bool {
    VALUES
        .iter()
        .all(|field| one.get(*field) == other.get(*field))
}

pub(crate) fn resource(kind: ConfigKind) -> &'static Resource {
    match kind {
        ConfigKind::Secret => kind::secrets(),
        ConfigKind::ConfigMap => kind::config_maps(),
    }
}

fn keys(config: &Object) -> Vec<String> {
    let values = VALUES
        .iter()
        .filter_map(|field| config.get(*field)?.as_object());
    let mut keys: Vec<String> = values.flat_map(Map::keys).cloned().collect();
    keys.sort();
    keys
}
