//! Secrets as servers keep them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

/// Moves `stringData` into `data`, as a server does when it writes, and says which names were moved.
///
/// A server does not remember who applied a field of `stringData`: it could not be gone back with. What is no map of
/// texts stays, for the server to refuse.
pub(crate) fn encode_texts(secret: &mut Value) -> Vec<String> {
    let is_text = |map: &Map<String, Value>| !map.is_empty() && map.values().all(Value::is_string);
    let has_map = secret
        .get("data")
        .is_none_or(|data| data.is_object() || data.is_null());
    let Some(texts) = secret["stringData"]
        .as_object()
        .filter(|map| has_map && is_text(map))
        .cloned()
    else {
        return Vec::new();
    };
    let Some(object) = secret.as_object_mut() else {
        return Vec::new();
    };
    object.remove("stringData");
    let data = object.entry("data").or_insert(Value::Null);
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    let mut moved = Vec::new();
    for (name, text) in texts {
        data[&name] = BASE64_STANDARD
            .encode(text.as_str().unwrap_or_default())
            .into();
        moved.push(name);
    }
    moved
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_encoded_and_win_over_data_of_the_same_name() {
        let mut secret = json!({"data": {"a": "eA==", "b": "eQ=="}, "stringData": {"a": "one"}});
        assert_eq!(encode_texts(&mut secret), ["a"]);
        assert_eq!(secret, json!({"data": {"a": "b25l", "b": "eQ=="}}));
    }
}
