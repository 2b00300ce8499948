//! Credentials that `storage` names: an entry of a secret that says all of where the model is but its path.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::Unfit;
use super::Asker;
use super::credentials::{CA_BUNDLE_CONFIG_MAP, Credentials};
use super::secret::Secret;
use super::source::{Keyed, UNKNOWN_SCHEME};

/// The secret, where the pod names no other.
const USUAL_SECRET: &str = "storage-config";

/// The entry, where no key is named; that for a type has this before it.
const USUAL_KEY: &str = "default";

/// The types that an entry may have.
const TYPES: [&str; 3] = ["s3", "hdfs", "webhdfs"];

/// The type whose places begin with a bucket.
const WITH_BUCKET: &str = "s3";

/// Where a model is, with what fetches it from there.
pub(super) fn credentials(
    asker: &Asker,
    uri: &str,
    keyed: &Keyed,
) -> Result<(String, Credentials), Unfit> {
    let secret_name = asker.named_secret().unwrap_or(USUAL_SECRET);
    let mut storage = keyed.parameters.get("type").cloned().unwrap_or_default();
    let mut bucket = keyed.parameters.get("bucket").cloned().unwrap_or_default();
    let mut given = Credentials::default();
    let secret = Secret::find(asker.world, asker.namespace, secret_name);
    let key = match keyed.key.as_str() {
        "" if storage.is_empty() => USUAL_KEY.to_owned(),
        "" => format!("{USUAL_KEY}_{storage}"),
        named => named.to_owned(),
    };
    let entry = secret.as_ref().filter(|secret| secret.has(&key));
    if entry.is_none() && !keyed.key.is_empty() {
        return Err(Unfit::predictor(match secret {
            Some(_) => {
                format!("specified storage key {key} not found in storage secret {secret_name}")
            }
            None => format!(
                "can't read storage secret {secret_name}: secrets \"{secret_name}\" not found"
            ),
        }));
    }
    if let Some(secret) = entry {
        if storage.is_empty() {
            let text = secret.text(&key).unwrap_or_default();
            let told: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|error| {
                // What the error says may quote the secret.
                let (line, column) = (error.line(), error.column());
                Unfit::predictor(format!(
                    "invalid json encountered in key {key} of storage secret {secret_name}: line {line}, column {column}"
                ))
            })?;
            if let Some(told) = told.get("type") {
                check_type(told)?;
                storage.clone_from(told);
            }
            if let Some(told) = told.get("bucket").filter(|_| bucket.is_empty()) {
                bucket.clone_from(told);
            }
            let bundle = told.get("cabundle_configmap");
            let bundle = bundle.map(|name| json!({ "name": CA_BUNDLE_CONFIG_MAP, "value": name }));
            given.variables.extend(bundle);
        }
        given
            .variables
            .push(secret.variable("STORAGE_CONFIG", &key));
    }
    if storage.is_empty() {
        return Err(Unfit::predictor(
            "unable to determine storage type".to_owned(),
        ));
    }
    let place = place(uri, &storage, &bucket)?;
    if !keyed.parameters.is_empty() {
        let parameters = json!(keyed.parameters).to_string();
        let variable = json!({ "name": "STORAGE_OVERRIDE_CONFIG", "value": parameters });
        given.variables.push(variable);
    }
    Ok((place, given))
}

fn check_type(told: &str) -> Result<(), Unfit> {
    if TYPES.contains(&told) {
        return Ok(());
    }
    let types = TYPES.join(", ");
    Err(Unfit::predictor(format!(
        "storage type must be one of [{types}]. storage type [{told}] is not supported"
    )))
}

/// The whole of where a model is of which only the path was known.
fn place(uri: &str, storage: &str, bucket: &str) -> Result<String, Unfit> {
    let Some(path) = uri.strip_prefix(UNKNOWN_SCHEME) else {
        return Ok(uri.to_owned());
    };
    if storage != WITH_BUCKET {
        return Ok(format!("{storage}://{path}"));
    }
    if bucket.is_empty() {
        return Err(Unfit::predictor(format!(
            "format [{storage}] requires a bucket but one wasn't found in storage data or parameters"
        )));
    }
    Ok(format!("{storage}://{bucket}/{path}"))
}
