//! What secrets and config maps hold, read from the objects of the API.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coracle_apiserver::ApiServer;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::pod::{Entries, PullSecret};
use serde_json::Value;

/// The content of a config map; none when it is not there.
pub(crate) fn config_map(api: &ApiServer, namespace: &str, name: &str) -> Option<Entries> {
    let found = api.find(kind::config_maps(), namespace, name)?;
    Some(Entries {
        data: texts(&found.body, "data"),
        binary: bytes(&found.body, "binaryData"),
    })
}

/// The content of a secret; none when it is not there.
pub(crate) fn secret(api: &ApiServer, namespace: &str, name: &str) -> Option<Entries> {
    let found = api.find(kind::secrets(), namespace, name)?;
    Some(Entries {
        data: bytes(&found.body, "data"),
        binary: BTreeMap::new(),
    })
}

/// A secret that images may be pulled with; none when it is not there, or is none of that kind.
pub(crate) fn pull_secret(api: &ApiServer, namespace: &str, name: &str) -> Option<PullSecret> {
    let found = api.find(kind::secrets(), namespace, name)?;
    let mut data = bytes(&found.body, "data");
    match found.body.text_at(&["type"]) {
        "kubernetes.io/dockerconfigjson" => data
            .remove(".dockerconfigjson")
            .map(PullSecret::DockerConfigJson),
        "kubernetes.io/dockercfg" => data.remove(".dockercfg").map(PullSecret::DockerCfg),
        _ => None,
    }
}

fn texts(object: &Object, field: &str) -> BTreeMap<String, Vec<u8>> {
    entries(object, field, |text| Some(text.as_bytes().to_vec()))
}

fn bytes(object: &Object, field: &str) -> BTreeMap<String, Vec<u8>> {
    // What is stored was read as base64 before.
    entries(object, field, |text| STANDARD.decode(text).ok())
}

fn entries(
    object: &Object,
    field: &str,
    read: impl Fn(&str) -> Option<Vec<u8>>,
) -> BTreeMap<String, Vec<u8>> {
    let entries = object.get(field).and_then(Value::as_object);
    entries
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), read(value.as_str()?)?)))
        .collect()
}
