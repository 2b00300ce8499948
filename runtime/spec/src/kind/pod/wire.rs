//! How Kubernetes writes values whose JSON is not their meaning.

use serde_json::Value;

/// Takes out fields that are null: to Kubernetes they are absent.
pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Seconds as the API writes them; below zero is none.
pub(super) fn seconds<'de, D: serde::Deserializer<'de>>(source: D) -> Result<u64, D::Error> {
    let seconds: i64 = serde::Deserialize::deserialize(source)?;
    Ok(u64::try_from(seconds).unwrap_or_default())
}
