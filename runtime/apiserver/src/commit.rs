//! The end of every write: a commit, or what a dry run answers in its place.

use std::sync::Arc;

use coracle_objects::apply::Manager;
use coracle_objects::meta::DryRun;
use coracle_objects::{FieldError, Object, ObjectExt as _, Reason, Status};
use coracle_store::{CommitError, Expected, ObjectKey, ObjectWrite, StoredObject};
use serde_json::Value;

use crate::options::{WriteOptions, Written};
use crate::place::Place;
use crate::read::store_fault;
use crate::server::{ApiServer, in_version};

/// What is said when a write finds another version than its client has seen.
pub(crate) const STALE: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

impl ApiServer {
    /// Commits a new or changed object. One whose last finalizer went is removed instead.
    pub(crate) fn store(
        &self,
        place: &Place<'_>,
        stored: Option<&Arc<StoredObject>>,
        object: &Object,
        warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let object = in_version(object, &stored_version(place));
        let key = ObjectKey {
            name: object.name().to_owned(),
            ..place.key()
        };
        let created = stored.is_none();
        let object = if options.dry_run == DryRun::All {
            self.pretend(place, key, stored, object)?
        } else {
            self.commit(place, key, stored, object)?
        };
        Ok(Written {
            object,
            created,
            warnings,
        })
    }

    fn commit(
        &self,
        place: &Place<'_>,
        key: ObjectKey,
        stored: Option<&Arc<StoredObject>>,
        object: Object,
    ) -> Result<Arc<StoredObject>, Status> {
        let (group, plural) = (place.resource.group, place.resource.plural);
        let released =
            stored.is_some() && is_released(&object) && !place.resource.strategy.is_held(&object);
        let write = ObjectWrite {
            key: key.clone(),
            expected: stored.map_or(Expected::Absent, |stored| Expected::Version(stored.version)),
            body: (!released).then(|| object.clone()),
        };
        let written = self.objects.commit(vec![write]);
        let mut written = written.map_err(|error| match error {
            CommitError::Changed { .. } if stored.is_none() => {
                Status::already_exists(group, plural, &key.name)
            }
            CommitError::Changed { found: None, .. } => Status::not_found(group, plural, &key.name),
            CommitError::Changed { .. } => self.stale(place),
            CommitError::Store(error) => store_fault(&error),
        })?;
        let committed = written.swap_remove(0);
        if !released {
            return Ok(committed);
        }
        // The client is shown what it wrote last.
        let mut last = object;
        let version = committed.version.to_string();
        last.metadata_mut()
            .insert("resourceVersion".to_owned(), version.into());
        Ok(Arc::new(StoredObject {
            key,
            version: committed.version,
            body: last,
        }))
    }

    /// What a dry run answers.
    fn pretend(
        &self,
        place: &Place<'_>,
        key: ObjectKey,
        stored: Option<&Arc<StoredObject>>,
        object: Object,
    ) -> Result<Arc<StoredObject>, Status> {
        if stored.is_none() && self.objects.get(&key).is_some() {
            let (group, plural) = (place.resource.group, place.resource.plural);
            return Err(Status::already_exists(group, plural, &key.name));
        }
        Ok(Arc::new(StoredObject {
            key,
            version: stored.map_or(0, |stored| stored.version),
            body: object,
        }))
    }

    pub(crate) fn stale(&self, place: &Place<'_>) -> Status {
        let (group, plural) = (place.resource.group, place.resource.plural);
        Status::conflict(group, plural, place.name, STALE)
    }

    pub(crate) fn refuse(
        &self,
        place: &Place<'_>,
        object: &Object,
        errors: &[FieldError],
    ) -> Result<(), Status> {
        if errors.is_empty() {
            return Ok(());
        }
        let name = match object.name() {
            "" => place.name,
            name => name,
        };
        let (group, kind) = (place.resource.group, place.resource.kind);
        Err(Status::invalid(group, kind, name, errors))
    }

    pub(crate) fn manager<'a>(&self, options: &'a WriteOptions, place: &Place<'a>) -> Manager<'a> {
        Manager {
            name: options.manager(),
            subresource: place.subresource,
            reset_fields: reset_fields(place),
            now: self.now(),
        }
    }
}

/// What the part of an object that is written does not write.
fn reset_fields(place: &Place<'_>) -> &'static [&'static [&'static str]] {
    let has_status = place.resource.subresource("status").is_some();
    match (has_status, place.subresource) {
        (false, _) => &[],
        (true, "status") => &[&["spec"]],
        (true, _) => &[&["status"]],
    }
}

/// The `apiVersion` in which the store keeps an object.
pub(crate) fn stored_version(place: &Place<'_>) -> String {
    place.resource.group_version().to_string()
}

/// Whether nothing in its metadata holds a deleted object any more.
fn is_released(object: &Object) -> bool {
    let grace = object
        .at(&["metadata", "deletionGracePeriodSeconds"])
        .and_then(Value::as_i64)
        .unwrap_or_default();
    object.is_being_deleted() && object.finalizers().is_empty() && grace == 0
}

pub(crate) fn internal(message: &str) -> Status {
    Status::new(Reason::InternalError, message)
}
