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
