//! The handle on everything that this crate does.

use std::fmt;
use std::sync::Arc;

use coracle_model::{NamespaceRange, Timestamp};
use coracle_objects::{Object, ObjectExt as _, Resource};
use coracle_store::{Objects, StoredObject};
use serde_json::Value;

use crate::place::{Place, resource_key};
use crate::types::{TypeOf, Types};

/// What tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The API over the objects of a store. Clones share them.
///
/// Every method is quick: reading touches memory only; writing waits for one commit to the disk, so a caller on an
/// asynchronous runtime calls those methods off its threads.
#[derive(Clone)]
pub struct ApiServer {
    pub(crate) objects: Objects,
    pub(crate) types: Arc<Types>,
    now: Now,
    owner: Arc<str>,
}

impl ApiServer {
    /// The API over these objects of the workbench with this `owner` label.
    pub fn new(objects: Objects, now: Now, owner: &str) -> Self {
        Self {
            objects,
            types: Arc::default(),
            now,
            owner: owner.into(),
        }
    }

    /// The addresses of a namespace.
    pub(crate) fn range_of(&self, namespace: &str) -> NamespaceRange {
        NamespaceRange::of(&self.owner, namespace)
    }

    /// The objects themselves, for loops that watch many resources at once.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The time, in whole seconds, as it stands in objects.
    pub fn now(&self) -> Timestamp {
        let now = (self.now)();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// The type of a resource's objects in one of its versions.
    pub fn object_type(&self, resource: &'static Resource, version: &str) -> TypeOf {
        self.types.of(resource, version)
    }

    /// An object as it is now; none when it is not there.
    pub fn find(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<StoredObject>> {
        self.objects
            .get(&Place::of(resource, namespace, name).key())
    }

    /// The objects of a resource in a namespace, or in all.
    pub fn all(
        &self,
        resource: &'static Resource,
        namespace: Option<&str>,
    ) -> Vec<Arc<StoredObject>> {
        self.objects
            .list(&resource_key(resource), namespace)
            .objects
    }
}

impl fmt::Debug for ApiServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ApiServer")
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

/// An object as a version of its group answers it.
pub(crate) fn in_version(object: &Object, api_version: &str) -> Object {
    let mut object = object.clone();
    if object.api_version() != api_version {
        object.insert("apiVersion".to_owned(), Value::from(api_version));
    }
    object
}
