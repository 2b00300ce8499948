//! Events: what is said about objects, told once and counted when it is said again.

use coracle_apiserver::{ApiServer, Place};
use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::kind::About;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How long an event stays after it was last said, as on a cluster.
const KEPT_SECONDS: i64 = 60 * 60;

/// The longest name that an object may have.
const LONGEST_NAME: usize = 253;

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
        let fingerprint = fingerprint(&[
            &about.uid,
            &about.field_path,
            self.component,
            kind,
            reason,
            message,
        ]);
        let namespace = match about.namespace.as_str() {
            "" => "default",
            namespace => namespace,
        };
        let events = self.api.all(kind::events(), Some(namespace));
        let stands = events.into_iter().find(|event| {
            event.key.name.ends_with(&fingerprint)
                && event.body.text_at(&["involvedObject", "uid"]) == about.uid
        });
        let written = match stands {
            Some(stands) => {
                let place = Place::of(kind::events(), namespace, &stands.key.name);
                let again = said_again(&stands.body, now);
                self.api.update_object(&place, &again, self.component)
            }
            None => {
                let name = event_name(&about.name, self.api.objects().version(), &fingerprint);
                let place = Place::of(kind::events(), namespace, &name);
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

/// Names sort as the events came, by the version of all objects at that moment: that is the order in which lists show
/// events of the same second.
fn event_name(object: &str, version: u64, fingerprint: &str) -> String {
    let end = format!(".{version:016x}{fingerprint}");
    let shown: String = object.chars().take(LONGEST_NAME - end.len()).collect();
    format!("{}{end}", shown.trim_end_matches(['-', '.']))
}

/// Eight hexadecimal digits that stand for the texts.
fn fingerprint(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..4])
}
