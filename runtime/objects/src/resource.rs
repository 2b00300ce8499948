//! What a kind is to the API: its names, its scope, and what can be done with it.

use std::fmt;

use crate::api_version;
use crate::object::{Object, ObjectExt as _};
use crate::strategy::Strategy;

/// A group and a version, written `batch/v1`; `v1` for the core group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersion {
    /// The group; empty for the core group.
    pub group: &'static str,
    /// The version.
    pub version: &'static str,
}

impl fmt::Display for GroupVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&api_version(self.group, self.version))
    }
}

/// Whether objects stand in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// They do.
    Namespaced,
    /// They stand for the whole cluster.
    Cluster,
}

/// What can be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Make one.
    Create,
    /// Delete one.
    Delete,
    /// Delete those that a selector selects.
    DeleteCollection,
    /// Read one.
    Get,
    /// Read many.
    List,
    /// Change parts of one.
    Patch,
    /// Replace one.
    Update,
    /// Hear of changes.
    Watch,
}

impl Verb {
    /// The word in discovery.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Get => "get",
            Self::List => "list",
            Self::Patch => "patch",
            Self::Update => "update",
            Self::Watch => "watch",
        }
    }
}

/// A part of a resource with a path of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subresource {
    /// The last part of its path: `status`, `log`, `exec`.
    pub name: &'static str,
    /// The kind that it takes and answers, with its group and version where they are not the resource's:
    /// `Scale` of `autoscaling/v1`.
    pub kind: &'static str,
    /// The group and version of that kind, when they are others.
    pub group_version: Option<GroupVersion>,
    /// What can be done with it.
    pub verbs: &'static [Verb],
}

/// A resource: all objects of a kind, and what the API does with them.
pub struct Resource {
    /// The group; empty for the core group.
    pub group: &'static str,
    /// The versions under which it is served, the one that is stored and preferred first. They differ in nothing but
    /// their name.
    pub versions: &'static [&'static str],
    /// The kind: `Notebook`.
    pub kind: &'static str,
    /// Its name in paths: `notebooks`.
    pub plural: &'static str,
    /// `notebook`.
    pub singular: &'static str,
    /// Short names that kubectl takes: `po`.
    pub short_names: &'static [&'static str],
    /// Groups of resources that kubectl takes: `all`.
    pub categories: &'static [&'static str],
    /// Whether objects stand in a namespace.
    pub scope: Scope,
    /// What can be done with it.
    pub verbs: &'static [Verb],
    /// Its parts.
    pub subresources: &'static [Subresource],
    /// Whether it is one of Kubernetes' own kinds rather than one that a custom resource definition describes: its
    /// bodies are then read strictly into known types, and strategic merge patches are taken.
    pub built_in: bool,
    /// What is particular to the kind.
    pub strategy: &'static dyn Strategy,
}

impl Resource {
    /// The preferred group and version.
    pub fn group_version(&self) -> GroupVersion {
        GroupVersion {
            group: self.group,
            version: self.versions[0],
        }
    }

    /// Whether it is served under a group and version.
    pub fn is_served(&self, group: &str, version: &str) -> bool {
        self.group == group && self.versions.contains(&version)
    }

    /// Drops what a client may not set when it makes one, and fills in what the server decides.
    pub fn prepare_for_create(&self, object: &mut Object) {
        if self.has_custom_status() {
            object.remove("status");
        }
        self.strategy.prepare_for_create(object);
    }

    /// Drops from `new` what a client may not change.
    pub fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        if self.has_custom_status() {
            match old.get("status") {
                Some(status) => new.insert("status".to_owned(), status.clone()),
                None => new.remove("status"),
            };
        }
        self.strategy.prepare_for_update(new, old);
    }

    /// Keeps of `new` only what the part `status` may change.
    pub fn prepare_for_status_update(&self, new: &mut Object, old: &Object) {
        if self.has_custom_status() {
            keep_all_but_status(new, old);
        } else {
            self.strategy.prepare_for_status_update(new, old);
        }
    }

    /// Whether it is a custom kind whose status is a part of its own: all of these treat it alike.
    fn has_custom_status(&self) -> bool {
        !self.built_in && self.subresource("status").is_some()
    }

    /// Whether it has a part of that name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources
            .iter()
            .find(|subresource| subresource.name == name)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Resource({}.{})",
            self.plural,
            self.group_version()
        )
    }
}

/// The status of a custom kind is all that its part `status` changes; who manages it, beside.
fn keep_all_but_status(new: &mut Object, old: &Object) {
    let status = new.remove("status");
    let managers = new.metadata_mut().remove("managedFields");
    let version = new.metadata_mut().remove("resourceVersion");
    *new = old.clone();
    match status {
        Some(status) => new.insert("status".to_owned(), status),
        None => new.remove("status"),
    };
    for (field, value) in [("managedFields", managers), ("resourceVersion", version)] {
        if let Some(value) = value {
            new.metadata_mut().insert(field.to_owned(), value);
        }
    }
}
