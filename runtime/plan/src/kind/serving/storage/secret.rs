//! A secret as those see it who are given credentials by it: which keys it has, and what is no secret among its values.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use crate::kind::step::World;

/// A secret.
pub(super) struct Secret(Arc<Object>);

impl Secret {
    /// The secret of that name; none where it is not there.
    pub(super) fn find(world: &dyn World, namespace: &str, name: &str) -> Option<Self> {
        world.get(kind::secrets(), namespace, name).map(Self)
    }

    pub(super) fn object(&self) -> &Object {
        &self.0
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.at(&["data", key]).is_some()
    }

    /// The value of a key, where it is a text.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let encoded = self.0.at(&["data", key])?.as_str()?;
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
    }

    /// A variable with the value of a key.
    pub(super) fn variable(&self, name: &str, key: &str) -> Value {
        let reference = json!({ "secretKeyRef": { "name": self.0.name(), "key": key } });
        json!({ "name": name, "valueFrom": reference })
    }

    /// The whole of it as a volume, and where that is mounted.
    pub(super) fn mounted(&self, volume: &str, path: &str) -> (Value, Value) {
        (
            json!({ "name": volume, "secret": { "secretName": self.0.name() } }),
            json!({ "name": volume, "mountPath": path, "readOnly": true }),
        )
    }
}
