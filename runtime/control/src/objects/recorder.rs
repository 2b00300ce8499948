//! Events: what is said about objects, told once and counted when it is said again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    told: Arc<Mutex<Told>>,
}

/// Where what was told stands, so that it is found again however many events there are.
#[derive(Debug, Default)]
struct Told {
    /// The namespace and the name of an event.
    events: HashMap<Fingerprint, (String, String)>,
    /// At how many the ones that are gone are dropped.
    bound: usize,
}

/// Stands for what is said, by whom and about what.
type Fingerprint = [u8; 32];

/// How many events are at least kept in mind.
const LEAST_BOUND: usize = 1024;

impl Recorder {
    /// One that speaks as a component: `kubelet`, `statefulset-controller`.
    pub fn new(api: ApiServer, component: &'static str) -> Self {
        let mut told = Told::default();
        for event in api.all(kind::events(), None) {
            let place = (event.key.namespace.clone(), event.key.name.clone());
            told.events.insert(fingerprint_of(&event.body), place);
        }
        told.bound = LEAST_BOUND.max(2 * told.events.len());
        Self {
            api,
            component,
            told: Arc::new(Mutex::new(told)),
        }
    }

    /// The same, speaking as another.
    #[must_use]
    pub fn speaking_as(&self, component: &'static str) -> Self {
        Self {
            component,
            ..self.clone()
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
        let before = self.told().events.get(&fingerprint).cloned();
        let stands =
            before.and_then(|(namespace, name)| self.api.find(kind::events(), &namespace, &name));
        let written = match stands {
            Some(stands) => {
                let place = Place::of(kind::events(), &stands.key.namespace, &stands.key.name);
                let again = said_again(&stands.body, now);
                self.api.update_object(&place, &again, self.component)
            }
            None => {
                let name = event_name(&about.name, self.api.objects().version(), &fingerprint);
                let place = Place::of(kind::events(), namespace, &name);
                let event = self.event(about, kind, (reason, message), (namespace, &name), now);
                self.keep_in_mind(fingerprint, namespace, name.clone());
                self.api.create_object(&place, &event, self.component)
            }
        };
        if let Err(status) = written {
            tracing::debug!(%status, reason, "an event was not recorded");
        }
    }

    fn keep_in_mind(&self, fingerprint: Fingerprint, namespace: &str, name: String) {
        let mut told = self.told();
        if told.events.len() >= told.bound {
            let stands = |(namespace, name): &(String, String)| {
                self.api.find(kind::events(), namespace, name).is_some()
            };
            told.events.retain(|_, place| stands(place));
            told.bound = LEAST_BOUND.max(2 * told.events.len());
        }
        let place = (namespace.to_owned(), name);
        told.events.insert(fingerprint, place);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
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
fn event_name(object: &str, version: u64, fingerprint: &Fingerprint) -> String {
    let end = format!(".{version:016x}{}", hex::encode(&fingerprint[..4]));
    let shown: String = object.chars().take(LONGEST_NAME - end.len()).collect();
    format!("{}{end}", shown.trim_end_matches(['-', '.']))
}

/// What stands for an event.
fn fingerprint_of(event: &Object) -> Fingerprint {
    fingerprint(&[
        event.text_at(&["involvedObject", "uid"]),
        event.text_at(&["involvedObject", "fieldPath"]),
        event.text_at(&["source", "component"]),
        event.text_at(&["type"]),
        event.text_at(&["reason"]),
        event.text_at(&["message"]),
    ])
}

fn fingerprint(texts: &[&str]) -> Fingerprint {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use coracle_store::{Objects, Store};

    use super::*;

    fn api() -> ApiServer {
        let objects = Objects::open(Store::open_in_memory().unwrap()).unwrap();
        let api = ApiServer::new(objects, Arc::new(|| Timestamp::UNIX_EPOCH), "test");
        let namespace = json!({ "metadata": { "name": "default" } });
        let place = Place::of(kind::namespaces(), "", "");
        api.create_object(&place, namespace.as_object().unwrap(), "test")
            .unwrap();
        api
    }

    fn about(name: &str) -> About {
        About {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: "default".to_owned(),
            name: name.to_owned(),
            uid: format!("uid-{name}"),
            resource_version: String::new(),
            field_path: String::new(),
        }
    }

    /// How often each thing was said, in the order of the events' names.
    fn counts(api: &ApiServer) -> Vec<(String, i64)> {
        let events = api.all(kind::events(), None);
        let told = events.iter().map(|event| {
            let message = event.body.text_at(&["message"]).to_owned();
            (message, event.body["count"].as_i64().unwrap())
        });
        told.collect()
    }

    #[test]
    fn what_is_said_again_is_counted_by_whom_and_about_what_it_is_said() {
        let api = api();
        let kubelet = Recorder::new(api.clone(), "kubelet");
        kubelet.say(&about("a"), false, "Pulled", "one");
        kubelet.say(&about("a"), false, "Pulled", "two");
        kubelet.say(&about("a"), false, "Pulled", "one");
        assert_eq!(counts(&api), [("one".to_owned(), 2), ("two".to_owned(), 1)]);
        kubelet.say(&about("b"), false, "Pulled", "one");
        let other = kubelet.speaking_as("job-controller");
        other.say(&about("a"), false, "Pulled", "one");
        kubelet.say(&about("a"), true, "Pulled", "one");
        assert_eq!(counts(&api).len(), 5);
        // A new life goes on counting.
        let again = Recorder::new(api.clone(), "kubelet");
        again.say(&about("a"), false, "Pulled", "two");
        assert!(counts(&api).contains(&("two".to_owned(), 2)));
    }

    #[test]
    fn what_was_removed_is_told_anew() {
        let api = api();
        let recorder = Recorder::new(api.clone(), "kubelet");
        recorder.say(&about("a"), false, "Pulled", "one");
        recorder.say(&about("a"), false, "Pulled", "one");
        let event = &api.all(kind::events(), None)[0];
        let place = Place::of(kind::events(), "default", &event.key.name);
        api.delete(&place, &Default::default()).unwrap();
        recorder.say(&about("a"), false, "Pulled", "one");
        assert_eq!(counts(&api), [("one".to_owned(), 1)]);
    }

    #[test]
    fn events_that_are_gone_are_not_kept_in_mind() {
        let api = api();
        let recorder = Recorder::new(api.clone(), "kubelet");
        for number in 0..LEAST_BOUND {
            recorder.say(&about("a"), false, "Pulled", &number.to_string());
        }
        let place = Place::of(kind::events(), "default", "");
        api.delete_collection(&place, &Default::default(), &Default::default())
            .unwrap();
        recorder.say(&about("a"), false, "Pulled", "last");
        assert_eq!(recorder.told().events.len(), 1);
    }
}
