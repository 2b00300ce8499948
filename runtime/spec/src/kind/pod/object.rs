//! The object around a pod's spec: who it is, and whether it is to go.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::PodSpec;
use super::wire;

/// The uid of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PodUid(pub Arc<str>);

impl From<&str> for PodUid {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for PodUid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A pod.
#[derive(Debug, Clone, PartialEq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    pub uid: PodUid,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Counts changes of its spec.
    pub generation: i64,
    /// Set once somebody asked for its deletion.
    pub deletion: Option<Deletion>,
    /// What it is to be.
    pub spec: PodSpec,
    /// The class that the API gave it by what it asks for.
    pub qos_class: String,
    /// Conditions that others than the kubelet wrote: what readiness gates look at.
    pub conditions: BTreeMap<String, Value>,
}

/// A pod that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// When it is to be gone.
    pub at: Timestamp,
    /// How long its containers may take to end.
    pub grace_seconds: u64,
}

/// A pod that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PodReadError {
    /// A field is of another type than Kubernetes gives it.
    #[error("the pod `{name}` cannot be read: {message}")]
    Malformed {
        /// The pod's name.
        name: String,
        /// What was found and where.
        message: String,
    },
    /// An object without an identity.
    #[error("the pod `{name}` has no uid")]
    NoUid {
        /// The pod's name.
        name: String,
    },
}

impl Pod {
    /// Reads an object.
    ///
    /// # Errors
    /// When a field that is known here is of another type, or the object has no uid.
    pub fn read(object: &Object) -> Result<Self, PodReadError> {
        let name = object.name().to_owned();
        if object.uid().is_empty() {
            return Err(PodReadError::NoUid { name });
        }
        let mut spec = object.get("spec").cloned().unwrap_or_default();
        wire::drop_nulls(&mut spec);
        let spec = serde_json::from_value(spec).map_err(|error| PodReadError::Malformed {
            name: name.clone(),
            message: error.to_string(),
        })?;
        Ok(Self {
            name,
            namespace: object.namespace().to_owned(),
            uid: PodUid::from(object.uid()),
            labels: texts(object.at(&["metadata", "labels"])),
            annotations: texts(object.at(&["metadata", "annotations"])),
            generation: object.generation(),
            deletion: deletion(object),
            spec,
            qos_class: object.text_at(&["status", "qosClass"]).to_owned(),
            conditions: conditions(object.list_at(&["status", "conditions"])),
        })
    }

    /// The pod in a kubelet's messages: `name_namespace(uid)`.
    pub fn in_words(&self) -> String {
        format!("{}_{}({})", self.name, self.namespace, self.uid)
    }
}

fn deletion(object: &Object) -> Option<Deletion> {
    let grace = object
        .at(&["metadata", "deletionGracePeriodSeconds"])
        .and_then(Value::as_u64);
    Some(Deletion {
        at: object.deletion_timestamp()?,
        grace_seconds: grace.unwrap_or_default(),
    })
}

fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn conditions(list: &[Value]) -> BTreeMap<String, Value> {
    list.iter()
        .filter_map(|condition| {
            Some((
                condition.get("type")?.as_str()?.to_owned(),
                condition.clone(),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{EnvSource, Handler, Hook, Port, RestartPolicy, VolumeSource};
    use super::*;

    fn read(spec: &Value) -> Result<Pod, PodReadError> {
        let object =
            json!({ "kind": "Pod", "metadata": { "name": "p", "uid": "u" }, "spec": spec });
        Pod::read(object.as_object().expect("it was written as one"))
    }

    #[test]
    fn what_is_not_known_and_what_is_null_is_passed_over() {
        let pod = read(&json!({
            "containers": [{
                "name": "c", "image": "a", "resizePolicy": [{ "x": 1 }], "env": null, "command": null,
                "lifecycle": { "preStop": { "somethingNew": {} } },
            }],
            "volumes": [{ "name": "v" }, { "name": "n", "nfs": { "server": "s" } }],
            "tolerations": [{ "operator": "Exists" }],
            "affinity": {},
        }));
        let spec = pod.unwrap().spec;
        assert_eq!(spec.restart_policy, RestartPolicy::Always);
        assert_eq!(spec.termination_grace_period_seconds, 30);
        assert!(spec.enable_service_links);
        assert_eq!(
            spec.containers[0].termination_message_path,
            "/dev/termination-log"
        );
        assert_eq!(spec.containers[0].lifecycle.pre_stop, Some(Hook::Nothing));
        assert!(matches!(spec.volumes[0].source, VolumeSource::EmptyDir(_)));
        assert_eq!(
            spec.volumes[1].source,
            VolumeSource::Other("nfs".to_owned())
        );
    }

    #[test]
    fn one_of_several_is_read_as_that_one() {
        let spec = read(&json!({ "containers": [{
            "name": "c", "image": "a",
            "env": [
                { "name": "A", "value": "1" },
                { "name": "B" },
                { "name": "C", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
            ],
            "livenessProbe": { "tcpSocket": { "port": "web" }, "failureThreshold": 5 },
            "resources": { "limits": { "cpu": 2, "memory": "1Gi", "nvidia.com/gpu": "1" } },
        }] }));
        let container = spec.unwrap().spec.containers.remove(0);
        assert_eq!(container.env[1].source, EnvSource::Value(String::new()));
        assert!(matches!(container.env[2].source, EnvSource::Field(_)));
        let probe = container.liveness_probe.unwrap();
        let port = Port::Name("web".to_owned());
        assert_eq!(
            probe.handler,
            Handler::Tcp {
                host: String::new(),
                port
            }
        );
        assert_eq!((probe.period_seconds, probe.failure_threshold), (10, 5));
        let resources = container.resources;
        assert_eq!(
            (resources.cpu_request().unwrap().0, resources.gpus()),
            (2000, 1)
        );
    }

    #[test]
    fn a_field_of_another_type_is_told() {
        let error = read(&json!({ "containers": "none" })).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the pod `p` cannot be read: "),
            "{error}"
        );
        let error = Pod::read(&Object::new()).unwrap_err();
        assert!(matches!(error, PodReadError::NoUid { .. }));
    }
}
