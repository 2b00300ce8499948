//! The template of which a kind makes its pods.

use std::collections::BTreeSet;

use coracle_objects::{Object, ObjectExt as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::step::controlled_by;

/// How much of a template's hash stands in names.
const HASH_LETTERS: usize = 10;

/// The letters of made-up names: none that make words.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// How many of them a name has.
const NAME_LETTERS: usize = 5;

/// A pod of `spec.template`, whose controller is the object; without a name.
pub(super) fn pod(owner: &Object) -> Object {
    let mut metadata = Map::new();
    metadata.insert("namespace".to_owned(), owner.namespace().into());
    for field in ["labels", "annotations"] {
        let given = map_at(owner, &["spec", "template", "metadata", field]);
        if !given.is_empty() {
            metadata.insert(field.to_owned(), given.into());
        }
    }
    metadata.insert("ownerReferences".to_owned(), controlled_by(owner));
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": map_at(owner, &["spec", "template", "spec"]),
    });
    match pod {
        Value::Object(pod) => pod,
        _ => Object::new(),
    }
}

/// The beginning of the hash of `spec.template`.
pub(super) fn hash(owner: &Object) -> String {
    let template = owner.at(&["spec", "template"]);
    hash_of(template.unwrap_or(&Value::Null))
}

/// The beginning of a template's hash.
pub(super) fn hash_of(template: &Value) -> String {
    let hash = hex::encode(Sha256::digest(template.to_string()));
    hash[..HASH_LETTERS].to_owned()
}

/// A name that none of those has: the prefix, and five letters that hang on the seed alone.
pub(super) fn fresh_name(prefix: &str, seed: &str, taken: &BTreeSet<&str>) -> String {
    (0_u32..)
        .map(|again| {
            let hash = Sha256::digest(format!("{seed} {again}"));
            let letters = hash.iter().take(NAME_LETTERS);
            let suffix: String = letters
                .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
                .collect();
            format!("{prefix}-{suffix}")
        })
        .find(|name| !taken.contains(name.as_str()))
        .unwrap_or_else(|| prefix.to_owned())
}

pub(super) fn map_at(object: &Object, path: &[&str]) -> Map<String, Value> {
    object
        .at(path)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}
