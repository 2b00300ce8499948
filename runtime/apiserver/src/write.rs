//! Making and changing objects.

use std::sync::Arc;

use coracle_objects::apply::{self, Force, Manager};
use coracle_objects::decode::{self, Body, FieldValidation};
use coracle_objects::meta::{self, DryRun, NewObject};
use coracle_objects::patch::{Patch, PatchKind};
use coracle_objects::{FieldError, FieldPath, Object, ObjectExt as _, Reason, Status};
use coracle_store::{CommitError, Expected, ObjectKey, ObjectWrite, StoredObject};
use serde_json::Value;
use uuid::Uuid;

use crate::place::Place;
use crate::read::store_fault;
use crate::server::ApiServer;
use crate::types::TypeOf;

/// How often a patch begins again when somebody else was quicker.
const PATCH_TRIES: usize = 5;

/// What is refused when a write finds another version than its client has seen.
pub(crate) const STALE: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// How something is written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Whether it is only asked what would be.
    pub dry_run: DryRun,
    /// What becomes of unknown fields.
    pub validation: FieldValidation,
    /// Who writes, as the request names it; empty where it does not.
    pub field_manager: String,
    /// What the client calls itself, for requests that name nobody.
    pub client: String,
    /// Whether an apply takes fields from other managers, where that is said.
    pub force: Option<bool>,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The object as it is from then on; of a dry run, as it would be.
    pub object: Arc<StoredObject>,
    /// Whether it is new.
    pub created: bool,
    /// What `Warning` headers tell the client.
    pub warnings: Vec<String>,
}

/// The body of a patch.
#[derive(Debug, Clone, Copy)]
pub struct PatchRequest<'a> {
    /// What kind of patch it is.
    pub kind: PatchKind,
    /// The body.
    pub body: Body<'a>,
}

impl ApiServer {
    /// The kind of a patch by its content type.
    ///
    /// # Errors
    /// 415 for one that the kind does not take.
    pub fn patch_kind(
        &self,
        place: &Place<'_>,
        content_type: Option<&str>,
    ) -> Result<PatchKind, Status> {
        PatchKind::of(content_type, &self.types.of(place.resource, place.version))
    }

    /// Makes an object from a request's body. The name stands in the body, or is made up from `generateName`.
    ///
    /// # Errors
    /// 400, 415 and 422 for what is wrong with it, 404 and 403 for its namespace, 409 when its name is taken.
    pub fn create(
        &self,
        place: &Place<'_>,
        body: Body<'_>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let object_type = self.types.of(place.resource, place.version);
        let decoded = decode::object(body, &object_type, options.validation)?;
        self.make(place, decoded.object, decoded.warnings, options)
    }

    /// Reads an object that is answered and not stored, as the reviews are.
    ///
    /// # Errors
    /// 400, 415 and 422 for what is wrong with it.
    pub fn read(
        &self,
        place: &Place<'_>,
        body: Body<'_>,
        options: &WriteOptions,
    ) -> Result<Object, Status> {
        let object_type = self.types.of(place.resource, place.version);
        let decoded = decode::object(body, &object_type, options.validation)?;
        let errors = place.resource.strategy.validate(&decoded.object);
        self.refuse(place, &decoded.object, &errors)?;
        Ok(decoded.object)
    }

    /// Makes an object that a loop of this workbench has put together; it is defaulted and checked like any other.
    ///
    /// # Errors
    /// As [`ApiServer::create`].
    pub fn create_object(
        &self,
        place: &Place<'_>,
        object: Object,
        manager: &str,
    ) -> Result<Arc<StoredObject>, Status> {
        let object_type = self.types.of(place.resource, place.version);
        let decoded = decode::typed(&object, &object_type, FieldValidation::Ignore)
            .map_err(|fault| internal(&fault))?;
        let options = WriteOptions {
            field_manager: manager.to_owned(),
            ..WriteOptions::default()
        };
        let written = self.make(place, decoded.object, decoded.warnings, &options)?;
        Ok(written.object)
    }

    fn make(
        &self,
        place: &Place<'_>,
        mut object: Object,
        mut warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let resource = place.resource;
        let object_type = self.types.of(resource, place.version);
        if !object.resource_version().is_empty() {
            return Err(internal(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        let uid = Uuid::new_v4().to_string();
        let random = Uuid::new_v4().into_bytes();
        let new = NewObject {
            namespace: place.namespace,
            uid: &uid,
            now: self.now(),
            random: [0, 1, 2, 3, 4].map(|byte| u32::from(random[byte])),
        };
        meta::prepare_for_create(&mut object, &new)?;
        self.admit_to_namespace(place, object.name())?;
        resource.strategy.set_defaults(&mut object);
        let manager = self.manager(options, place);
        apply::track_update(None, &mut object, &object_type, &manager);
        warnings.extend(self.complete(place, &object_type, &mut object)?);
        self.store(place, None, object, warnings, options)
    }

    /// Defaults, admits, prepares and checks a new object; tells what to warn of.
    fn complete(
        &self,
        place: &Place<'_>,
        object_type: &TypeOf,
        object: &mut Object,
    ) -> Result<Vec<String>, Status> {
        let (resource, strategy) = (place.resource, place.resource.strategy);
        strategy.set_defaults(object);
        strategy.admit(object)?;
        self.admit_pod(object, place)?;
        strategy.prepare_for_create(object);
        self.admit_service(object, place);
        if strategy.counts_generation() {
            object
                .metadata_mut()
                .insert("generation".to_owned(), 1.into());
        }
        let mut errors = meta::validate(object, resource);
        errors.extend(decode::validate(object, object_type));
        errors.extend(strategy.validate(object));
        self.refuse(place, object, &errors)?;
        Ok(strategy.warnings(object))
    }

    /// Replaces an object by a request's body.
    ///
    /// # Errors
    /// 404; 400, 415 and 422 for what is wrong with the body; 409 when the object was changed meanwhile.
    pub fn update(
        &self,
        place: &Place<'_>,
        body: Body<'_>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let object_type = self.types.of(place.resource, place.version);
        let decoded = decode::object(body, &object_type, options.validation)?;
        let stored = self.get(place)?;
        meta::check_replaced(&decoded.object, &stored.body, place.resource)?;
        if !place.resource.built_in && decoded.object.resource_version().is_empty() {
            let path = FieldPath::new("metadata.resourceVersion");
            let error = FieldError::invalid(path, 0, "must be specified for an update");
            self.refuse(place, &decoded.object, &[error])?;
        }
        self.replace(place, &stored, decoded.object, decoded.warnings, options)
    }

    /// Puts an object that a loop of this workbench has changed in the place of the one that it has seen.
    ///
    /// # Errors
    /// As [`ApiServer::update`]; 409 when it was changed meanwhile.
    pub fn update_object(
        &self,
        place: &Place<'_>,
        object: Object,
        manager: &str,
    ) -> Result<Arc<StoredObject>, Status> {
        let stored = self.get(place)?;
        let object_type = self.types.of(place.resource, place.version);
        let decoded = decode::typed(&object, &object_type, FieldValidation::Ignore)
            .map_err(|fault| internal(&fault))?;
        let options = WriteOptions {
            field_manager: manager.to_owned(),
            ..WriteOptions::default()
        };
        let written = self.replace(place, &stored, decoded.object, Vec::new(), &options)?;
        Ok(written.object)
    }

    /// Changes what only the workbench itself may: a pod's node, its status. Nothing is checked, and `change` may be
    /// asked several times. None when the object is not there, or is another.
    ///
    /// # Errors
    /// What the store said.
    pub fn amend(
        &self,
        place: &Place<'_>,
        uid: &str,
        mut change: impl FnMut(&mut Object),
    ) -> Result<Option<Arc<StoredObject>>, Status> {
        loop {
            let Some(stored) = self.objects.get(&place.key()) else {
                return Ok(None);
            };
            if stored.body.uid() != uid {
                return Ok(None);
            }
            let mut object = stored.body.clone();
            change(&mut object);
            if object == stored.body {
                return Ok(Some(stored));
            }
            let write = ObjectWrite {
                key: place.key(),
                expected: Expected::Version(stored.version),
                body: Some(object),
            };
            match self.objects.commit(vec![write]) {
                Ok(mut written) => return Ok(Some(written.swap_remove(0))),
                Err(CommitError::Changed { .. }) => {}
                Err(CommitError::Store(error)) => return Err(store_fault(&error)),
            }
        }
    }

    /// Changes parts of an object. An apply makes one that is not there.
    ///
    /// # Errors
    /// 404; 400, 415 and 422 for what is wrong with the patch or with what it makes of the object; 409 where an
    /// apply would change what others manage, or the object changes quicker than it can be patched.
    pub fn patch(
        &self,
        place: &Place<'_>,
        patch: PatchRequest<'_>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let is_apply = patch.kind == PatchKind::Apply;
        meta::check_patch_options(&options.field_manager, options.force.is_some(), is_apply)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let patched = match patch.kind {
                PatchKind::Apply => self.apply_once(place, patch.body, options),
                PatchKind::Json | PatchKind::Merge | PatchKind::Strategic => {
                    self.patch_once(place, patch, options)
                }
            };
            match patched {
                Err(Failure::Raced(_)) if tries < PATCH_TRIES => {}
                Err(Failure::Raced(status) | Failure::Refused(status)) => return Err(status),
                Ok(written) => return Ok(written),
            }
        }
    }

    fn patch_once(
        &self,
        place: &Place<'_>,
        patch: PatchRequest<'_>,
        options: &WriteOptions,
    ) -> Result<Written, Failure> {
        let stored = self.get(place)?;
        let object_type = self.types.of(place.resource, place.version);
        let current = crate::server::in_version(&stored.body, &place.api_version());
        let patch = Patch::read(patch.body, patch.kind)?;
        let decoded = patch.apply(&current, &object_type, options.validation)?;
        meta::check_version(&decoded.object, &stored.body, place.resource)?;
        let asked = decoded.object.resource_version().to_owned();
        let written = self.replace(place, &stored, decoded.object, decoded.warnings, options);
        written.map_err(|status| Failure::of(status, &asked, &stored))
    }

    fn apply_once(
        &self,
        place: &Place<'_>,
        body: Body<'_>,
        options: &WriteOptions,
    ) -> Result<Written, Failure> {
        let object_type = self.types.of(place.resource, place.version);
        let decoded = apply::configuration(body, &object_type, options.validation)?;
        let stored = self.objects.get(&place.key());
        if stored.is_none() && !place.subresource.is_empty() {
            self.get(place)?;
        }
        let force = match options.force {
            Some(true) => Force::Yes,
            Some(false) | None => Force::No,
        };
        let manager = self.manager(options, place);
        let current = stored
            .as_ref()
            .map(|stored| crate::server::in_version(&stored.body, &place.api_version()));
        let merged = apply::apply(
            current.as_ref(),
            &decoded.object,
            &object_type,
            &manager,
            force,
        )?;
        let asked = decoded.object.resource_version().to_owned();
        let Some(stored) = stored else {
            let written = self.make_applied(place, merged, decoded.warnings, options);
            return written.map_err(|status| match status.reason {
                Reason::AlreadyExists => Failure::Raced(status),
                _ => Failure::Refused(status),
            });
        };
        let written = self.change(place, &stored, merged, decoded.warnings, options);
        written.map_err(|status| Failure::of(status, &asked, &stored))
    }

    fn make_applied(
        &self,
        place: &Place<'_>,
        mut object: Object,
        mut warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let object_type = self.types.of(place.resource, place.version);
        let managers = object.metadata_mut().remove("managedFields");
        let uid = Uuid::new_v4().to_string();
        let new = NewObject {
            namespace: place.namespace,
            uid: &uid,
            now: self.now(),
            random: [0; 5],
        };
        meta::prepare_for_create(&mut object, &new)?;
        self.admit_to_namespace(place, object.name())?;
        warnings.extend(self.complete(place, &object_type, &mut object)?);
        object
            .metadata_mut()
            .extend(managers.map(|managers| ("managedFields".to_owned(), managers)));
        self.store(place, None, object, warnings, options)
    }

    /// A change by anything but an apply.
    fn replace(
        &self,
        place: &Place<'_>,
        stored: &Arc<StoredObject>,
        mut object: Object,
        warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let object_type = self.types.of(place.resource, place.version);
        let manager = self.manager(options, place);
        place.resource.strategy.set_defaults(&mut object);
        apply::track_update(Some(&stored.body), &mut object, &object_type, &manager);
        self.change(place, stored, object, warnings, options)
    }

    fn change(
        &self,
        place: &Place<'_>,
        stored: &Arc<StoredObject>,
        mut object: Object,
        mut warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let (resource, old) = (place.resource, &stored.body);
        let strategy = resource.strategy;
        let object_type = self.types.of(resource, place.version);
        strategy.set_defaults(&mut object);
        meta::prepare_for_update(&mut object, old, old.name())?;
        let mut errors;
        if place.subresource == "status" {
            strategy.prepare_for_status_update(&mut object, old);
            errors = meta::validate_update(&object, old, resource);
            errors.extend(decode::validate(&object, &object_type));
            errors.extend(strategy.validate_status_update(&object, old));
        } else {
            if place.subresource != "finalize" {
                strategy.prepare_for_update(&mut object, old);
            }
            count_generation(place, &mut object, old);
            errors = meta::validate_update(&object, old, resource);
            errors.extend(decode::validate(&object, &object_type));
            errors.extend(strategy.validate_update(&object, old));
        }
        self.refuse(place, &object, &errors)?;
        warnings.extend(strategy.warnings(&object));
        let object = crate::server::in_version(&object, &stored_version(place));
        if apply::same_but_for_times(old, &object) {
            return Ok(Written {
                object: Arc::clone(stored),
                created: false,
                warnings,
            });
        }
        self.store(place, Some(stored), object, warnings, options)
    }

    /// Commits a new or changed object. One whose last finalizer went is removed instead.
    fn store(
        &self,
        place: &Place<'_>,
        stored: Option<&Arc<StoredObject>>,
        object: Object,
        warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let object = crate::server::in_version(&object, &stored_version(place));
        let key = ObjectKey {
            name: object.name().to_owned(),
            ..place.key()
        };
        let created = stored.is_none();
        if options.dry_run == DryRun::All {
            return self.pretend(place, key, stored, object, warnings);
        }
        let expected = stored.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
        let released =
            stored.is_some() && is_released(&object) && !place.resource.strategy.is_held(&object);
        let mut writes = Vec::new();
        if released {
            // Told as changed first, then as removed, in one commit: watchers see the object as it was last.
            writes.push(ObjectWrite {
                key: key.clone(),
                expected,
                body: None,
            });
        } else {
            writes.push(ObjectWrite {
                key: key.clone(),
                expected,
                body: Some(object.clone()),
            });
        }
        let name = key.name.clone();
        let mut written = self.objects.commit(writes).map_err(|error| match error {
            CommitError::Changed { .. } if created => {
                Status::already_exists(place.resource.group, place.resource.plural, &name)
            }
            CommitError::Changed { found: None, .. } => {
                Status::not_found(place.resource.group, place.resource.plural, &name)
            }
            CommitError::Changed { .. } => self.stale(place),
            CommitError::Store(error) => store_fault(&error),
        })?;
        let committed = written.swap_remove(0);
        let object = if released {
            let mut last = object;
            last.metadata_mut().insert(
                "resourceVersion".to_owned(),
                committed.version.to_string().into(),
            );
            Arc::new(StoredObject {
                key,
                version: committed.version,
                body: last,
            })
        } else {
            committed
        };
        Ok(Written {
            object,
            created,
            warnings,
        })
    }

    /// What a dry run answers.
    fn pretend(
        &self,
        place: &Place<'_>,
        key: ObjectKey,
        stored: Option<&Arc<StoredObject>>,
        object: Object,
        warnings: Vec<String>,
    ) -> Result<Written, Status> {
        let (group, plural) = (place.resource.group, place.resource.plural);
        if stored.is_none() && self.objects.get(&key).is_some() {
            return Err(Status::already_exists(group, plural, &key.name));
        }
        let version = stored.map_or(0, |stored| stored.version);
        Ok(Written {
            object: Arc::new(StoredObject {
                key,
                version,
                body: object,
            }),
            created: stored.is_none(),
            warnings,
        })
    }

    pub(crate) fn stale(&self, place: &Place<'_>) -> Status {
        Status::conflict(
            place.resource.group,
            place.resource.plural,
            place.name,
            STALE,
        )
    }

    fn refuse(
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
        Err(Status::invalid(
            place.resource.group,
            place.resource.kind,
            name,
            errors,
        ))
    }

    fn manager<'a>(&self, options: &'a WriteOptions, place: &Place<'a>) -> Manager<'a> {
        Manager {
            name: match options.field_manager.as_str() {
                "" => &options.client,
                named => named,
            },
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

/// Why a patch was not done.
enum Failure {
    /// Somebody was quicker, and the patch did not say which version it is for: it can be tried again.
    Raced(Status),
    Refused(Status),
}

impl Failure {
    fn of(status: Status, asked: &str, stored: &StoredObject) -> Self {
        let own = asked.is_empty() || asked == stored.body.resource_version();
        match status.reason {
            Reason::Conflict if own && status.message.ends_with(STALE) => Self::Raced(status),
            _ => Self::Refused(status),
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}

/// A change of anything but `metadata` and `status` counts.
fn count_generation(place: &Place<'_>, object: &mut Object, old: &Object) {
    let generation = old.generation();
    if !place.resource.strategy.counts_generation() || generation == 0 {
        return;
    }
    let counted = |object: &Object| -> Vec<(String, Value)> {
        let fields = object
            .iter()
            .filter(|(field, _)| !matches!(field.as_str(), "metadata" | "status" | "apiVersion"));
        fields
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect()
    };
    let changed = counted(object) != counted(old);
    let generation = generation + i64::from(changed);
    object
        .metadata_mut()
        .insert("generation".to_owned(), generation.into());
}

/// The `apiVersion` in which the store keeps an object.
fn stored_version(place: &Place<'_>) -> String {
    place.resource.group_version().to_string()
}

/// Whether nothing holds a deleted object any more.
pub(crate) fn is_released(object: &Object) -> bool {
    let grace = object
        .at(&["metadata", "deletionGracePeriodSeconds"])
        .and_then(Value::as_i64)
        .unwrap_or_default();
    object.is_being_deleted() && object.finalizers().is_empty() && grace == 0
}

pub(crate) fn internal(message: &str) -> Status {
    Status::new(Reason::InternalError, message)
}
