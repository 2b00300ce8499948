//! What is to be done to objects, and what is looked at to decide it.

use std::sync::Arc;

use coracle_model::Timestamp;
use coracle_objects::meta::PropagationPolicy;
use coracle_objects::{Object, ObjectExt as _, Resource};
use serde_json::Value;

/// The objects as they are at one moment.
pub trait World {
    /// An object; none when it is not there.
    fn get(&self, resource: &'static Resource, namespace: &str, name: &str) -> Option<Arc<Object>>;

    /// The objects of a resource in a namespace, or in all.
    fn list(&self, resource: &'static Resource, namespace: Option<&str>) -> Vec<Arc<Object>>;

    /// The time.
    fn now(&self) -> Timestamp;
}

/// Where an object is.
#[derive(Debug, Clone, Copy)]
pub struct ObjectPlace<'a> {
    /// Its resource.
    pub resource: &'static Resource,
    /// Its namespace; empty for what belongs to none.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// The object that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its version when it was looked at.
    pub resource_version: String,
    /// The part that is meant: `spec.containers{main}`; empty for all of it.
    pub field_path: String,
}

/// One thing to do to objects. Each may be done again: what is there already is left as it is.
#[derive(Debug, Clone)]
pub enum ObjectStep {
    /// Make an object; its place is in its metadata.
    Create {
        /// Its resource.
        resource: &'static Resource,
        /// It.
        object: Object,
    },
    /// Put this in the place of the object that was looked at, unless that has changed meanwhile.
    Update {
        /// Its resource.
        resource: &'static Resource,
        /// It, with the version that was looked at.
        object: Object,
        /// The part that is written: `status`, `finalize`; empty for the object itself.
        subresource: &'static str,
    },
    /// Delete an object, unless it is another by now.
    Delete {
        /// Its resource.
        resource: &'static Resource,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Its uid.
        uid: String,
        /// What becomes of what it owns; none for the kind's own way.
        policy: Option<PropagationPolicy>,
    },
    /// Say something about an object, as an `Event`.
    Say {
        /// Which.
        about: About,
        /// Whether it is a warning.
        warning: bool,
        /// One word: `SuccessfulCreate`.
        reason: String,
        /// A sentence.
        message: String,
    },
}

/// What is to be done for an object, and when it is to be looked at again although nothing changed.
#[derive(Debug, Default)]
pub struct ObjectPlan {
    /// What is to be done.
    pub steps: Vec<ObjectStep>,
    /// When to look again.
    pub wake: Option<Timestamp>,
}

impl About {
    /// An object as a whole.
    pub fn object(object: &Object) -> Self {
        Self {
            api_version: object.api_version().to_owned(),
            kind: object.kind().to_owned(),
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            uid: object.uid().to_owned(),
            resource_version: object.resource_version().to_owned(),
            field_path: String::new(),
        }
    }
}

impl ObjectStep {
    /// Makes an object.
    pub(crate) fn create(resource: &'static Resource, object: Value) -> Self {
        let object = match object {
            Value::Object(object) => object,
            _ => Object::new(),
        };
        Self::Create { resource, object }
    }

    /// Writes the object itself.
    pub(crate) fn update(resource: &'static Resource, object: Object) -> Self {
        Self::Update {
            resource,
            object,
            subresource: "",
        }
    }

    /// Writes an object without one of its finalizers.
    pub(crate) fn without_finalizer(
        resource: &'static Resource,
        object: &Object,
        gone: &str,
    ) -> Self {
        let mut object = object.clone();
        let left: Vec<String> = object
            .finalizers()
            .into_iter()
            .filter(|finalizer| *finalizer != gone)
            .map(str::to_owned)
            .collect();
        let metadata = object.metadata_mut();
        if left.is_empty() {
            metadata.remove("finalizers");
        } else {
            metadata.insert("finalizers".to_owned(), left.into());
        }
        Self::update(resource, object)
    }

    /// Writes a status, when it is another than the one that stands.
    pub(crate) fn status(
        resource: &'static Resource,
        object: &Object,
        status: Value,
    ) -> Option<Self> {
        if object
            .get("status")
            .is_some_and(|stands| same_json(stands, &status))
        {
            return None;
        }
        let mut object = object.clone();
        object.insert("status".to_owned(), status);
        Some(Self::Update {
            resource,
            object,
            subresource: "status",
        })
    }

    /// Deletes an object.
    pub(crate) fn delete(resource: &'static Resource, object: &Object) -> Self {
        Self::Delete {
            resource,
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            uid: object.uid().to_owned(),
            policy: None,
        }
    }
}

/// Whether two values say the same: what an API server leaves out, being empty, counts as not there.
pub fn same_json(one: &Value, other: &Value) -> bool {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let in_other = one.iter().all(|(name, value)| {
                other
                    .get(name)
                    .map_or(is_empty(value), |found| same_json(value, found))
            });
            in_other
                && other
                    .iter()
                    .all(|(name, value)| one.contains_key(name) || is_empty(value))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| same_json(one, other))
        }
        _ => one == other,
    }
}

/// The owner reference by which an object is another's.
pub(crate) fn controlled_by(owner: &Object) -> Value {
    serde_json::json!([{
        "apiVersion": owner.api_version(),
        "kind": owner.kind(),
        "name": owner.name(),
        "uid": owner.uid(),
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}

/// Whether an object's controller is this one.
pub(crate) fn is_controlled_by(object: &Object, owner: &Object) -> bool {
    object
        .controller()
        .is_some_and(|controller| controller.uid == owner.uid())
}
