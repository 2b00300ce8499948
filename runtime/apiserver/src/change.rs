//! Replacing objects by changed ones.

use std::sync::Arc;

use coracle_objects::apply;
use coracle_objects::decode::{self, Body, FieldValidation};
use coracle_objects::meta;
use coracle_objects::scale::SCALE;
use coracle_objects::{Object, ObjectExt as _, Status};
use coracle_store::{CommitError, Expected, ObjectWrite, StoredObject};
use serde_json::Value;

use crate::commit::{internal, stored_version};
use crate::options::{WriteOptions, Written};
use crate::place::Place;
use crate::read::store_fault;
use crate::server::{ApiServer, in_version};

impl ApiServer {
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
        if place.subresource == SCALE {
            return self.update_scale(place, body, options);
        }
        let object_type = self.types.of(place.resource, place.version);
        let decoded = decode::object(body, &object_type, options.validation)?;
        meta::check_path(&decoded.object, place.namespace, place.name)?;
        let stored = self.get(place)?;
        meta::check_replaced(&decoded.object, &stored.body, place.resource)?;
        self.replace(place, &stored, decoded.object, decoded.warnings, options)
    }

    /// Puts an object that a loop of this workbench has changed in the place of the one that it has seen.
    ///
    /// # Errors
    /// As [`ApiServer::update`]; 409 when it was changed meanwhile.
    pub fn update_object(
        &self,
        place: &Place<'_>,
        object: &Object,
        component: &str,
    ) -> Result<Arc<StoredObject>, Status> {
        let stored = self.get(place)?;
        let object_type = self.types.of(place.resource, place.version);
        let decoded = decode::typed(object, &object_type, FieldValidation::Ignore)
            .map_err(|fault| internal(&fault))?;
        meta::check_version(&decoded.object, &stored.body, place.resource)?;
        let options = WriteOptions::of_component(component);
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
            let stored = self.objects.get(&place.key());
            let Some(stored) = stored.filter(|stored| stored.body.uid() == uid) else {
                return Ok(None);
            };
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

    /// A change by anything but an apply, after which its sender manages what is new.
    pub(crate) fn replace(
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

    /// A change that says itself who manages what.
    pub(crate) fn change(
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
        warnings.extend(meta::warnings(&object));
        strategy.set_defaults(&mut object);
        meta::prepare_for_update(&mut object, old, place.name)?;
        let mut errors;
        if place.subresource == "status" {
            resource.prepare_for_status_update(&mut object, old);
            errors = meta::validate_update(&object, old, resource);
            errors.extend(decode::validate_status(&object, old, &object_type));
            errors.extend(strategy.validate_status_update(&object, old));
        } else {
            // Who takes a finalizer from a namespace's spec changes what others may not.
            if place.subresource != "finalize" {
                resource.prepare_for_update(&mut object, old);
            }
            count_generation(place, &mut object, old);
            errors = meta::validate_update(&object, old, resource);
            errors.extend(decode::validate_update(&object, old, &object_type));
            errors.extend(strategy.validate_update(&object, old));
        }
        self.refuse(place, &object, &errors)?;
        place.resource.strategy.permit(&object, Some(old))?;
        warnings.extend(strategy.warnings(&object));
        let object = in_version(&object, &stored_version(place));
        if apply::same_but_for_times(old, &object) {
            return Ok(Written {
                object: Arc::clone(stored),
                created: false,
                warnings,
            });
        }
        self.store(place, Some(stored), &object, warnings, options)
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
    let metadata = object.metadata_mut();
    metadata.insert(
        "generation".to_owned(),
        (generation + i64::from(changed)).into(),
    );
}
