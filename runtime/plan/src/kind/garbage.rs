//! Objects whose owners are gone, or going.
//!
//! ```text
//!   owner gone ──► what it owned alone goes, too
//!   owner deleted, finalizer `foregroundDeletion` ──► what blocks it goes first, then the finalizer
//!   owner deleted, finalizer `orphan` ──► what it owned forgets it, then the finalizer
//! ```

use std::sync::Arc;

use coracle_objects::meta::PropagationPolicy;
use coracle_objects::{Object, ObjectExt as _, Resource, kind};
use serde_json::Value;

use super::step::{ObjectStep, World};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// What is to be done to an object because of its owners: whether it goes after them.
pub fn follow_owners(
    resource: &'static Resource,
    object: &Object,
    world: &dyn World,
) -> Option<ObjectStep> {
    let owners = object.owner_references();
    if owners.is_empty() || object.is_being_deleted() {
        return None;
    }
    let is_there = |owner: &coracle_objects::OwnerReference| {
        // What nobody here knows may well be there.
        let Some(resource) = kind::find_kind(&owner.api_version, &owner.kind) else {
            return true;
        };
        let found = world.get(resource, object.namespace(), &owner.name);
        found.is_some_and(|found| found.uid() == owner.uid)
    };
    if owners.iter().any(is_there) {
        return None;
    }
    Some(ObjectStep::delete(resource, object))
}

/// What is to be done about what an object owns, while it goes. `owned` are the objects that name it as an owner, and
/// `is_owner` says whether one of them is an owner itself.
pub fn finish_owner(
    resource: &'static Resource,
    owner: &Object,
    owned: &[(&'static Resource, Arc<Object>)],
    is_owner: &dyn Fn(&Object) -> bool,
) -> Vec<ObjectStep> {
    if !owner.is_being_deleted() {
        return Vec::new();
    }
    let finalizers = owner.finalizers();
    if finalizers.contains(&ORPHAN) {
        return orphan(resource, owner, owned);
    }
    if finalizers.contains(&FOREGROUND) {
        return delete_owned(resource, owner, owned, is_owner);
    }
    Vec::new()
}

fn orphan(
    resource: &'static Resource,
    owner: &Object,
    owned: &[(&'static Resource, Arc<Object>)],
) -> Vec<ObjectStep> {
    if owned.is_empty() {
        return vec![ObjectStep::without_finalizer(resource, owner, ORPHAN)];
    }
    let forget = |(resource, object): &(&'static Resource, Arc<Object>)| {
        let mut object = Object::clone(object);
        let metadata = object.metadata_mut();
        let mut owners = metadata
            .get("ownerReferences")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        owners.retain(|other| other.get("uid").and_then(Value::as_str) != Some(owner.uid()));
        if owners.is_empty() {
            metadata.remove("ownerReferences");
        } else {
            metadata.insert("ownerReferences".to_owned(), owners.into());
        }
        ObjectStep::update(resource, object)
    };
    owned.iter().map(forget).collect()
}

fn delete_owned(
    resource: &'static Resource,
    owner: &Object,
    owned: &[(&'static Resource, Arc<Object>)],
    is_owner: &dyn Fn(&Object) -> bool,
) -> Vec<ObjectStep> {
    let blocks = |object: &Object| {
        let owners = object.owner_references();
        owners
            .iter()
            .any(|reference| reference.uid == owner.uid() && reference.block_owner_deletion)
    };
    if !owned.iter().any(|(_, object)| blocks(object)) {
        return vec![ObjectStep::without_finalizer(resource, owner, FOREGROUND)];
    }
    let delete = |(resource, object): &(&'static Resource, Arc<Object>)| ObjectStep::Delete {
        resource,
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        uid: object.uid().to_owned(),
        // The owner goes after all that it owns, however far down.
        policy: is_owner(object).then_some(PropagationPolicy::Foreground),
    };
    let living = owned
        .iter()
        .filter(|(_, object)| !object.is_being_deleted());
    living.map(delete).collect()
}
