//! Events: what is said about objects, told once and counted when it is said again.

use coracle_apiserver::{ApiServer, Place};
use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::kind::About;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How long an event stays after it was last said, as on a cluster.
const KEPT_SECONDS: i64 = 60 * 60;

/// Says things about objects.
#[derive(Debug, Clone)]
pub struct Recorder {
    api: ApiServer,
    component: &'static str,
}

impl Recorder {
    /// One that speaks as a component: `kubelet`, `statefulset-controller`.
    pub fn new(api: ApiServer, component: &'static str) -> Self {
        Self { api, component }
    }

    /// The same, speaking as another.
    #[must_use]
    pub fn speaking_as(&self, component: &'static str) -> Self {
        Self {
            api: self.api.clone(),
            component,
        }
    }

    /// Says something. That it could not be written is only logged: nothing depends on it.
    pub fn say(&self, about: &About, warning: bool, reason: &str, message: &str) {
        let kind = if warning { "Warning" } else { "Normal" };
        let now = self.api.now();
        let name = format!(
            "{}.{}",
            about.name,
            fingerprint(&[
                &about.uid,
                &about.field_path,
                self.component,
                kind,
                reason,
                message
            ])
        );
        let namespace = match about.namespace.as_str() {
            "" => "default",
            namespace => namespace,
        };
        let place = Place::of(kind::events(), namespace, &name);
        let written = match self.api.find(kind::events(), namespace, &name) {
            Some(stands) => {
                let again = said_again(&stands.body, now);
                self.api.update_object(&place, &again, self.component)
            }
            None => {
                let event = self.event(about, kind, (reason, message), (namespace, &name), now);
                self.api.create_object(&place, &event, self.component)
            }
        };
        if let Err(status) = written {
            tracing::debug!(%status, reason, "an event was not recorded");
        }
    }

    fn event(
        &self,
        about: &About,
        kind: &str,
        (reason, message): (&str, &str),
        (namespace, name): (&str, &str),
        now: Timestamp,
    ) -> Object {
        let mut involved = json!({
            "apiVersion": about.api_version,
            "kind": about.kind,
            "name": about.name,
            "uid": about.uid,
            "resourceVersion": about.resource_version,
        });
        if !about.namespace.is_empty() {
            involved["namespace"] = about.namespace.as_str().into();
        }
        if !about.field_path.is_empty() {
            involved["fieldPath"] = about.field_path.as_str().into();
        }
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": { "name": name, "namespace": namespace },
            "involvedObject": involved,
            "type": kind,
            "reason": reason,
            "message": message,
            "source": { "component": self.component },
            "reportingComponent": self.component,
            "firstTimestamp": now.to_string(),
            "lastTimestamp": now.to_string(),
            "count": 1,
        });
        event.as_object().cloned().unwrap_or_default()
    }

    /// Removes the events that were not said again for an hour, and tells in how many seconds the next one is due.
    pub fn sweep(&self) {
        let now = self.api.now().as_second();
        for event in self.api.all(kind::events(), None) {
            let last = ["lastTimestamp", "eventTime"]
                .into_iter()
                .find_map(|field| event.body.text_at(&[field]).parse::<Timestamp>().ok())
                .or_else(|| event.body.created_at());
            if last.is_some_and(|last| last.as_second() + KEPT_SECONDS < now) {
                let place = Place::of(kind::events(), &event.key.namespace, &event.key.name);
                if let Err(status) = self.api.delete(&place, &Default::default()) {
                    tracing::debug!(%status, "an old event was not removed");
                }
            }
        }
    }
}

fn said_again(event: &Object, now: Timestamp) -> Object {
    let mut event = event.clone();
    let count = event.get("count").and_then(Value::as_i64).unwrap_or(1);
    event.insert("count".to_owned(), (count + 1).into());
    event.insert("lastTimestamp".to_owned(), now.to_string().into());
    event
}

/// Sixteen hexadecimal digits that stand for the texts.
fn fingerprint(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..8])
}
