//! Making objects.

use std::sync::Arc;

use coracle_objects::apply;
use coracle_objects::decode::{self, Body, FieldValidation};
use coracle_objects::meta::{self, DryRun, NewObject};
use coracle_objects::{Object, ObjectExt as _, Status};
use coracle_store::StoredObject;
use uuid::Uuid;

use crate::commit::internal;
use crate::options::{WriteOptions, Written};
use crate::place::Place;
use crate::server::ApiServer;

/// Who says who manages the fields of a new object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Managed {
    /// It is written down that the request's sender manages all of them.
    BySender,
    /// It stands in the object: an apply wrote it.
    AsWritten,
}

impl ApiServer {
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
        let (object, warnings) = (decoded.object, decoded.warnings);
        self.make(place, object, warnings, options, Managed::BySender)
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
        let mut object = decode::object(body, &object_type, options.validation)?.object;
        place.resource.prepare_for_create(&mut object);
        let errors = place.resource.strategy.validate(&object);
        if !errors.is_empty() {
            // Such an object is never stored, and is told of without its kind.
            return Err(Status::invalid(place.resource.group, "", "", &errors));
        }
        Ok(object)
    }

    /// Makes an object that a loop of this workbench has put together; it is defaulted and checked like any other.
    ///
    /// # Errors
    /// As [`ApiServer::create`].
    pub fn create_object(
        &self,
        place: &Place<'_>,
        object: &Object,
        component: &str,
    ) -> Result<Arc<StoredObject>, Status> {
        let object_type = self.types.of(place.resource, place.version);
        let decoded = decode::typed(object, &object_type, FieldValidation::Ignore)
            .map_err(|fault| internal(&fault))?;
        let options = WriteOptions::of_component(component);
        let (object, warnings) = (decoded.object, decoded.warnings);
        let written = self.make(place, object, warnings, &options, Managed::BySender)?;
        Ok(written.object)
    }

    pub(crate) fn make(
        &self,
        place: &Place<'_>,
        mut object: Object,
        mut warnings: Vec<String>,
        options: &WriteOptions,
        managed: Managed,
    ) -> Result<Written, Status> {
        let object_type = self.types.of(place.resource, place.version);
        warnings.extend(meta::warnings(&object));
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
        place.resource.strategy.set_defaults(&mut object);
        if managed == Managed::BySender {
            let manager = self.manager(options, place);
            apply::track_update(None, &mut object, &object_type, &manager);
        }
        self.complete(place, &mut object)?;
        let mut errors = meta::validate(&object, place.resource);
        errors.extend(decode::validate(&object, &object_type));
        errors.extend(place.resource.strategy.validate(&object));
        self.refuse(place, &object, &errors)?;
        place.resource.strategy.permit(&object, None)?;
        warnings.extend(place.resource.strategy.warnings(&object));
        if options.dry_run == DryRun::No {
            meta::check_unversioned(&object)?;
        }
        self.store(place, None, &object, warnings, options)
    }

    /// What admission and the kind itself put into a new object.
    fn complete(&self, place: &Place<'_>, object: &mut Object) -> Result<(), Status> {
        let strategy = place.resource.strategy;
        self.admit_pod(object, place)?;
        strategy.admit(object)?;
        place.resource.prepare_for_create(object);
        self.admit_service(object, place);
        if strategy.counts_generation() {
            let metadata = object.metadata_mut();
            metadata.insert("generation".to_owned(), 1.into());
        }
        Ok(())
    }
}
