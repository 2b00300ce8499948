//! Where an object is: what the path of a request says.

use coracle_objects::{Resource, Scope, api_version};
use coracle_store::ObjectKey;

/// An object, or the place where one is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its resource.
    pub resource: &'static Resource,
    /// The version of the group in which it is asked for and answered.
    pub version: &'a str,
    /// Its namespace; empty for what belongs to none.
    pub namespace: &'a str,
    /// Its name; empty to make one whose name stands in the body.
    pub name: &'a str,
    /// The part that is meant, such as `status`; empty for the object itself.
    pub subresource: &'a str,
}

impl<'a> Place<'a> {
    /// An object in the version in which it is stored.
    pub fn of(resource: &'static Resource, namespace: &'a str, name: &'a str) -> Self {
        let namespace = match resource.scope {
            Scope::Namespaced => namespace,
            Scope::Cluster => "",
        };
        Self {
            resource,
            version: resource.versions[0],
            namespace,
            name,
            subresource: "",
        }
    }

    /// The same place, for one of its parts.
    #[must_use]
    pub fn part(self, subresource: &'a str) -> Self {
        Self {
            subresource,
            ..self
        }
    }

    pub(crate) fn key(&self) -> ObjectKey {
        object_key(self.resource, self.namespace, self.name)
    }

    /// `apiVersion` of what is answered.
    pub(crate) fn api_version(&self) -> String {
        api_version(self.resource.group, self.version)
    }
}

/// The key of an object in the store.
pub fn object_key(resource: &Resource, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new(resource_key(resource), namespace, name)
}

/// What the store calls a resource: `pods`, `notebooks.kubeflow.org`.
pub fn resource_key(resource: &Resource) -> String {
    if resource.group.is_empty() {
        resource.plural.to_owned()
    } else {
        format!("{}.{}", resource.plural, resource.group)
    }
}
