//! Deleting objects: at once, or when nothing holds them any more.
//!
//! ```text
//!   delete ──► pod at work: marked with its grace, removed by who ends it
//!         ├──► finalizers: marked, removed with the last of them
//!         └──► removed
//! ```

use std::sync::Arc;

use coracle_objects::meta::{self, DeleteOptions, DryRun, PropagationPolicy};
use coracle_objects::{Object, ObjectExt as _, Status};
use coracle_store::{CommitError, Expected, ObjectWrite, StoredObject};
use serde_json::Value;

use crate::place::Place;
use crate::read::{ListOptions, Listing, store_fault};
use crate::server::ApiServer;

/// Finalizer of an object that goes after those that it owns.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";

/// Finalizer of an object whose own objects are to lose their owner first.
pub(crate) const ORPHAN: &str = "orphan";

/// How often a deletion begins again when the object changes meanwhile.
const TRIES: usize = 5;

/// What became of an object that was to be deleted.
#[derive(Debug, Clone)]
pub struct Deleted {
    /// It, as it is now, or as it was last.
    pub object: Arc<StoredObject>,
    /// Whether it is gone; else it waits for what holds it.
    pub gone: bool,
}

impl Deleted {
    fn of(stored: &StoredObject, body: Object, gone: bool) -> Self {
        let object = StoredObject {
            key: stored.key.clone(),
            version: stored.version,
            body,
        };
        Self {
            object: Arc::new(object),
            gone,
        }
    }
}

impl ApiServer {
    /// Deletes an object.
    ///
    /// # Errors
    /// 404; 409 when it is not what the preconditions say.
    pub fn delete(&self, place: &Place<'_>, options: &DeleteOptions) -> Result<Deleted, Status> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.delete_once(place, options)? {
                Some(deleted) => return Ok(deleted),
                None if tries < TRIES => {}
                None => return Err(self.stale(place)),
            }
        }
    }

    /// Deletes the objects that are selected, and tells which they were.
    ///
    /// # Errors
    /// As [`ApiServer::list`] and [`ApiServer::delete`].
    pub fn delete_collection(
        &self,
        place: &Place<'_>,
        list: &ListOptions,
        options: &DeleteOptions,
    ) -> Result<Listing, Status> {
        let namespace = Some(place.namespace).filter(|namespace| !namespace.is_empty());
        let listing = self.list(place.resource, namespace, list)?;
        for object in &listing.objects {
            let one = Place {
                namespace: &object.key.namespace,
                name: &object.key.name,
                ..*place
            };
            match self.delete(&one, options) {
                // Somebody else deleted it first.
                Err(status) if status.code == 404 => {}
                Err(status) => return Err(status),
                Ok(_) => {}
            }
        }
        Ok(listing)
    }

    /// Removes an object that waited for its grace to be over, whatever else it was to wait for; for who ended what it
    /// stands for. It goes unless finalizers hold it.
    ///
    /// # Errors
    /// 409 when it is another by now.
    pub fn finish_deletion(&self, place: &Place<'_>, uid: &str) -> Result<(), Status> {
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            preconditions: meta::Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            },
            ..DeleteOptions::default()
        };
        match self.delete(place, &options) {
            Err(status) if status.code == 404 => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// None when the object changed meanwhile.
    fn delete_once(
        &self,
        place: &Place<'_>,
        options: &DeleteOptions,
    ) -> Result<Option<Deleted>, Status> {
        let stored = self.get(place)?;
        let resource = place.resource;
        meta::check_preconditions(&stored.body, &options.preconditions, resource.kind)?;
        let mut object = stored.body.clone();
        let grace = resource
            .strategy
            .grace_period(&object, options.grace_period_seconds);
        self.set_finalizers(place, &mut object, options);
        let held = !object.finalizers().is_empty() || resource.strategy.is_held(&object);
        if grace > 0 || held {
            let marked = self.mark(&mut object, grace);
            resource.strategy.prepare_for_deletion(&mut object);
            if !marked && object == stored.body || options.dry_run == DryRun::All {
                return Ok(Some(Deleted::of(&stored, object, false)));
            }
            return self.write_deletion(&stored, Some(object));
        }
        if resource.strategy.deletes_gracefully() {
            self.mark(&mut object, 0);
        }
        if options.dry_run == DryRun::All {
            return Ok(Some(Deleted::of(&stored, object, true)));
        }
        let gone = self.write_deletion(&stored, None)?;
        Ok(gone.map(|deleted| Deleted {
            object: Arc::new(StoredObject {
                body: with_version(object, deleted.object.version),
                ..StoredObject::clone(&deleted.object)
            }),
            gone: true,
        }))
    }

    /// Writes when it goes, unless that stands there already and is not later. Whether anything was written.
    fn mark(&self, object: &mut Object, grace: i64) -> bool {
        let standing = object
            .at(&["metadata", "deletionGracePeriodSeconds"])
            .and_then(Value::as_i64);
        if object.is_being_deleted() && standing.is_none_or(|standing| standing <= grace) {
            return false;
        }
        let now = self.now();
        let goes = jiff::Timestamp::from_second(now.as_second() + grace).unwrap_or(now);
        let generation = object.generation();
        let metadata = object.metadata_mut();
        metadata.insert("deletionTimestamp".to_owned(), goes.to_string().into());
        metadata.insert("deletionGracePeriodSeconds".to_owned(), grace.into());
        if generation > 0 {
            metadata.insert("generation".to_owned(), (generation + 1).into());
        }
        true
    }

    fn set_finalizers(&self, place: &Place<'_>, object: &mut Object, options: &DeleteOptions) {
        let policy = options
            .propagation_policy
            .unwrap_or_else(|| place.resource.strategy.default_propagation(object));
        let wanted = match policy {
            PropagationPolicy::Orphan => Some(ORPHAN),
            PropagationPolicy::Foreground => Some(FOREGROUND),
            PropagationPolicy::Background => None,
        };
        // Without a word of the client, what was asked before stands.
        if options.propagation_policy.is_none() && wanted.is_none() {
            return;
        }
        let mut finalizers: Vec<String> = object
            .finalizers()
            .into_iter()
            .filter(|finalizer| *finalizer != ORPHAN && *finalizer != FOREGROUND)
            .map(str::to_owned)
            .collect();
        finalizers.extend(wanted.map(str::to_owned));
        let metadata = object.metadata_mut();
        if finalizers.is_empty() {
            metadata.remove("finalizers");
        } else {
            metadata.insert("finalizers".to_owned(), finalizers.into());
        }
    }

    fn write_deletion(
        &self,
        stored: &Arc<StoredObject>,
        body: Option<Object>,
    ) -> Result<Option<Deleted>, Status> {
        let gone = body.is_none();
        let write = ObjectWrite {
            key: stored.key.clone(),
            expected: Expected::Version(stored.version),
            body,
        };
        match self.objects.commit(vec![write]) {
            Ok(mut written) => Ok(Some(Deleted {
                object: written.swap_remove(0),
                gone,
            })),
            Err(CommitError::Changed { .. }) => Ok(None),
            Err(CommitError::Store(error)) => Err(store_fault(&error)),
        }
    }
}

fn with_version(mut object: Object, version: u64) -> Object {
    object
        .metadata_mut()
        .insert("resourceVersion".to_owned(), version.to_string().into());
    object
}
