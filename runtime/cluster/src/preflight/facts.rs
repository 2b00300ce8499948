//! What a cluster says of itself, as far as the user may ask.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::ClusterError;

/// What is escaped in a path: all but what names are made of.
const NOT_OF_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');

/// What was asked, or why it is not known.
pub(super) type Known<T> = Result<T, ClusterError>;

/// A kind that the cluster serves in a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Served {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    /// The name in paths: `notebooks`.
    pub(super) plural: String,
    pub(super) is_namespaced: bool,
}

impl Served {
    /// `apps/v1`, or `v1`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Where one of them is found; the list of them where no name is given.
    pub(super) fn path(&self, namespace: &str, name: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        let place = if self.is_namespaced {
            format!("/namespaces/{namespace}")
        } else {
            String::new()
        };
        let escaped = |name: &str| utf8_percent_encode(name, NOT_OF_NAMES).to_string();
        let name = name.map_or_else(String::new, |name| format!("/{}", escaped(name)));
        format!("{root}{place}/{}{name}", self.plural)
    }
}

/// Something that somebody may do, or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Access {
    pub(super) verb: &'static str,
    pub(super) group: String,
    pub(super) plural: String,
    /// Empty for what is in no namespace.
    pub(super) namespace: String,
}

/// Something that pods name and that has to be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) kind: &'static str,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// What is said of a namespace.
#[derive(Debug, Clone)]
pub(super) struct NamespaceFacts {
    /// None where it is not there.
    pub(super) object: Known<Option<Value>>,
    pub(super) quotas: Known<Vec<Value>>,
    pub(super) limit_ranges: Known<Vec<Value>>,
}

/// All of it.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) served: Known<Vec<Served>>,
    /// Whether the service of Kubeflow Pipelines is there, and where.
    pub(super) pipelines_service: Known<Option<String>>,
    pub(super) namespaces: BTreeMap<String, NamespaceFacts>,
    pub(super) access: Vec<(Access, Known<bool>)>,
    pub(super) nodes: Known<Vec<Value>>,
    pub(super) storage_classes: Known<Vec<Value>>,
    /// For each object whether it is there already; none where its kind is not.
    pub(super) there: Vec<Option<Known<bool>>>,
    pub(super) references: BTreeMap<Reference, Known<bool>>,
}

impl Facts {
    /// The kind of an object in its own version.
    pub(super) fn served(&self, group: &str, version: &str, kind: &str) -> Option<&Served> {
        self.served.as_ref().ok()?.iter().find(|served| {
            served.group == group && served.version == version && served.kind == kind
        })
    }

    /// Whether an object is known to be there already, so that it asks for nothing more.
    pub(super) fn is_there(&self, object: usize) -> bool {
        matches!(self.there.get(object), Some(Some(Ok(true))))
    }
}
