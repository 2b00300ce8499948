//! Changing how many pods an object has, by its scale.

use std::sync::Arc;

use coracle_objects::decode::{self, Body};
use coracle_objects::patch::Patch;
use coracle_objects::scale::{check_scale, rescaled, scale_of, scale_type};
use coracle_objects::{Object, Status, meta};
use coracle_store::StoredObject;

use crate::options::{PatchRequest, WriteOptions, Written};
use crate::place::Place;
use crate::server::ApiServer;

impl ApiServer {
    pub(crate) fn update_scale(
        &self,
        place: &Place<'_>,
        body: Body<'_>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let decoded = decode::object(body, scale_type(), options.validation)?;
        meta::check_path(&decoded.object, place.namespace, place.name)?;
        let stored = self.get(place)?;
        self.rescale(place, &stored, &decoded.object, decoded.warnings, options)
    }

    pub(crate) fn patch_scale(
        &self,
        place: &Place<'_>,
        stored: &Arc<StoredObject>,
        patch: PatchRequest<'_>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let patch = Patch::read(patch.body, patch.kind)?;
        let decoded = patch.apply(&scale_of(&stored.body), scale_type(), options.validation)?;
        self.rescale(place, stored, &decoded.object, decoded.warnings, options)
    }

    fn rescale(
        &self,
        place: &Place<'_>,
        stored: &Arc<StoredObject>,
        scale: &Object,
        warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        meta::check_version(scale, &stored.body, place.resource)?;
        let faults = check_scale(scale);
        if !faults.is_empty() {
            let of = scale_type();
            return Err(Status::invalid(&of.group, &of.kind, place.name, &faults));
        }
        let object = rescaled(&stored.body, scale);
        self.replace(place, stored, object, warnings, options)
    }
}
