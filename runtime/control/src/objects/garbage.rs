//! Who owns what, by uid: kept up to date by every change, so that nothing has to be searched.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use coracle_objects::{Object, ObjectExt as _, Resource, kind};
use coracle_store::ObjectKey;

/// The objects that name owners, by the uid of each owner.
#[derive(Debug, Default)]
pub(super) struct Owned {
    by_owner: HashMap<String, BTreeSet<ObjectKey>>,
}

impl Owned {
    /// Forgets what an object said of its owners.
    pub(super) fn forget(&mut self, key: &ObjectKey, object: &Object) {
        for owner in object.owner_references() {
            if let Some(keys) = self.by_owner.get_mut(&owner.uid) {
                keys.remove(key);
                if keys.is_empty() {
                    self.by_owner.remove(&owner.uid);
                }
            }
        }
    }

    /// Takes in what an object says of its owners.
    pub(super) fn add(&mut self, key: &ObjectKey, object: &Object) {
        for owner in object.owner_references() {
            self.by_owner
                .entry(owner.uid)
                .or_default()
                .insert(key.clone());
        }
    }

    /// The objects that name this owner.
    pub(super) fn of(&self, owner_uid: &str) -> Vec<ObjectKey> {
        self.by_owner
            .get(owner_uid)
            .map(|keys| keys.iter().cloned().collect())
            .unwrap_or_default()
    }
}

/// An object with what it is one of.
pub(super) type Typed = (&'static Resource, Arc<Object>);

/// The resource that the store knows by this key.
pub(crate) fn resource_of(key: &str) -> Option<&'static Resource> {
    let (plural, group) = key.split_once('.').unwrap_or((key, ""));
    let all = kind::resources().iter().copied();
    all.into_iter()
        .find(|resource| resource.plural == plural && resource.group == group)
}
