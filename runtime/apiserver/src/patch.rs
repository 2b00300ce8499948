//! Changing parts of objects: by patches of three kinds, and by applying.

use coracle_objects::apply::{self, Force};
use coracle_objects::decode::Body;
use coracle_objects::meta;
use coracle_objects::patch::{Patch, PatchKind};
use coracle_objects::scale::SCALE;
use coracle_objects::{Object, ObjectExt as _, Reason, Status};
use coracle_store::StoredObject;

use crate::commit::STALE;
use crate::create::Managed;
use crate::options::{PatchRequest, WriteOptions, Written};
use crate::place::Place;
use crate::server::{ApiServer, in_version};

/// How often a patch begins again when somebody else was quicker.
const TRIES: usize = 5;

/// Why a patch was not done.
enum Failure {
    /// Somebody was quicker, and the patch did not say which version it is for: it can be tried again.
    Raced(Status),
    Refused(Status),
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
            let patched = if is_apply {
                self.apply_once(place, patch.body, options)
            } else {
                self.patch_once(place, patch, options)
            };
            match patched {
                Err(Failure::Raced(_)) if tries < TRIES => {}
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
        if place.subresource == SCALE {
            let written = self.patch_scale(place, &stored, patch, options);
            return written.map_err(|status| Failure::of(status, "", &stored));
        }
        let object_type = self.types.of(place.resource, place.version);
        let current = in_version(&stored.body, &place.api_version());
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
            // A part is not applied to what is not there.
            self.get(place)?;
        }
        let current = stored
            .as_ref()
            .map(|stored| in_version(&stored.body, &place.api_version()));
        let force = match options.force {
            Some(true) => Force::Yes,
            Some(false) | None => Force::No,
        };
        let manager = self.manager(options, place);
        let (applied, object_type) = (&decoded.object, &*object_type);
        let merged = apply::apply(current.as_ref(), applied, object_type, &manager, force)?;
        let Some(stored) = stored else {
            return self.make_applied(place, merged, decoded.warnings, options);
        };
        meta::check_version(&decoded.object, &stored.body, place.resource)?;
        let asked = decoded.object.resource_version().to_owned();
        let written = self.change(place, &stored, merged, decoded.warnings, options);
        written.map_err(|status| Failure::of(status, &asked, &stored))
    }

    fn make_applied(
        &self,
        place: &Place<'_>,
        object: Object,
        warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, Failure> {
        meta::check_path(&object, place.namespace, place.name)?;
        let written = self.make(place, object, warnings, options, Managed::AsWritten);
        written.map_err(|status| match status.reason {
            Reason::AlreadyExists => Failure::Raced(status),
            _ => Failure::Refused(status),
        })
    }
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
