//! Which object is meant.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which object is meant: what an API server tells objects apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectKey {
    /// `v1`, `batch/v1`.
    pub api_version: String,
    /// `ConfigMap`.
    pub kind: String,
    /// None for what is in no namespace, and where the caller's own is meant.
    pub namespace: Option<String>,
    /// The object's name.
    pub name: String,
}

/// Why a value is no object that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObject {
    /// A field that every object has is missing or is no text.
    #[error("an object has no `{0}`")]
    Lacks(&'static str),
    /// Its namespace is no text.
    #[error("`metadata.namespace` of `{kind}` is no text")]
    Namespace {
        /// The object's kind.
        kind: String,
    },
    /// Its name is left to the server, so that it could not be found again.
    #[error(
        "`{kind}` has a `generateName` and no `name`; give it a name, so that it can be found again"
    )]
    Nameless {
        /// The object's kind.
        kind: String,
    },
}

impl ObjectKey {
    /// The key of an object.
    pub fn of(object: &Value) -> Result<Self, NotAnObject> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let filled = |pointer: &str| text(pointer).filter(|text| !text.is_empty());
        let api_version = filled("/apiVersion").ok_or(NotAnObject::Lacks("apiVersion"))?;
        let kind = filled("/kind").ok_or(NotAnObject::Lacks("kind"))?;
        let namespace = object.pointer("/metadata/namespace");
        if namespace.is_some_and(|namespace| !namespace.is_string() && !namespace.is_null()) {
            return Err(NotAnObject::Namespace {
                kind: kind.to_owned(),
            });
        }
        let Some(name) = filled("/metadata/name") else {
            return Err(match filled("/metadata/generateName") {
                Some(_) => NotAnObject::Nameless {
                    kind: kind.to_owned(),
                },
                None => NotAnObject::Lacks("metadata.name"),
            });
        };
        Ok(Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: filled("/metadata/namespace").map(str::to_owned),
            name: name.to_owned(),
        })
    }

    /// `batch` of `batch/v1`; empty for the core group.
    pub fn group(&self) -> &str {
        match self.api_version.split_once('/') {
            Some((group, _)) => group,
            None => "",
        }
    }

    /// Whether both mean one object: versions of a group are views of the same objects.
    pub fn same_object(&self, other: &Self) -> bool {
        self.group() == other.group()
            && self.kind == other.kind
            && self.namespace == other.namespace
            && self.name == other.name
    }

    /// Whether it is a Secret, whose values are never shown.
    pub fn is_secret(&self) -> bool {
        self.api_version == "v1" && self.kind == "Secret"
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)?;
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_without_a_name_says_what_it_lacks() {
        let of = |metadata| {
            ObjectKey::of(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata}))
        };
        assert_eq!(of(json!({})), Err(NotAnObject::Lacks("metadata.name")));
        assert!(matches!(
            of(json!({"generateName": "p-"})),
            Err(NotAnObject::Nameless { .. })
        ));
        assert_eq!(
            of(json!({"name": "p", "namespace": "n"})).map(|key| key.to_string()),
            Ok("Pod/p in n".to_owned())
        );
    }
}
