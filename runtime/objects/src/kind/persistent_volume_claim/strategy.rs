//! What a claim is to the API, and how it is shown.

use coracle_model::Timestamp;
use serde_json::{Map, Value, json};

use super::super::place::Place;
use super::super::{age, column, fill, verbs};
use super::check;
use crate::field::FieldError;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::status::Status;
use crate::strategy::{Cell, Column, Strategy};

pub(in super::super) static PERSISTENT_VOLUME_CLAIMS: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    short_names: &["pvc"],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[verbs::status("PersistentVolumeClaim")],
    built_in: true,
    strategy: &PersistentVolumeClaim,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Status", "Whether it has its room."),
    column::text("Volume", "The volume that it is bound to."),
    column::text("Capacity", "How much room the volume has."),
    column::text("Access Modes", "Who may use the volume at once."),
    column::text("StorageClass", "How it gets its room."),
    column::text("VolumeAttributesClass", "What attributes its volume has."),
    column::AGE,
    column::wide("VolumeMode", "Whether it is a folder or a device."),
];

struct PersistentVolumeClaim;

/// Keeps a claim while a pod uses it.
const PROTECTION: &str = "kubernetes.io/pvc-protection";

impl Strategy for PersistentVolumeClaim {
    fn set_defaults(&self, object: &mut Object) {
        set_defaults(object);
    }

    fn admit(&self, object: &mut Object) -> Result<(), Status> {
        let metadata = object.metadata_mut();
        fill::value(metadata, "finalizers", Value::Array(Vec::new()));
        let finalizers = metadata.get_mut("finalizers").and_then(Value::as_array_mut);
        if let Some(finalizers) =
            finalizers.filter(|list| !list.iter().any(|one| one == PROTECTION))
        {
            finalizers.push(PROTECTION.into());
        }
        Ok(())
    }

    fn prepare_for_create(&self, object: &mut Object) {
        object.insert("status".to_owned(), json!({"phase": "Pending"}));
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        check::check_claim_spec(&Place::of(object, "spec"), &mut faults);
        faults
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = self.validate(new);
        faults.extend(self.validate(new));
        check::check_change(new, old, &mut faults);
        faults
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn answers_deleted(&self) -> bool {
        true
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let volume = object.text_at(&["spec", "volumeName"]);
        let is_bound = !volume.is_empty();
        let phase = match object.is_being_deleted() {
            true => "Terminating",
            false => object.text_at(&["status", "phase"]),
        };
        let capacity = column::or(object.text_at(&["status", "capacity", "storage"]), "0");
        let modes = short_access_modes(object.list_at(&["status", "accessModes"]));
        vec![
            object.name().into(),
            phase.into(),
            volume.into(),
            if is_bound { capacity } else { String::new() }.into(),
            if is_bound { modes } else { String::new() }.into(),
            class(object).into(),
            column::or(
                object.text_at(&["spec", "volumeAttributesClassName"]),
                "<unset>",
            )
            .into(),
            age::age(object, now).into(),
            column::or(object.text_at(&["spec", "volumeMode"]), "<unset>").into(),
        ]
    }
}

/// The defaults of a claim, or of a template of one.
pub(in super::super) fn set_defaults(claim: &mut Map<String, Value>) {
    if let Some(spec) = fill::map_in(claim, "spec") {
        fill::value(spec, "volumeMode", "Filesystem");
        pair_sources(spec);
    }
    if let Some(status) = fill::map_in(claim, "status") {
        fill::text(status, "phase", "Pending");
    }
}

/// Where the room's content comes from stands in two fields, the older of which knows claims and snapshots alone.
fn pair_sources(spec: &mut Map<String, Value>) {
    let source = spec.get("dataSource").cloned().unwrap_or_default();
    if source.is_object() {
        let group = source
            .get("apiGroup")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let kind = source
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let known = [
            ("", "PersistentVolumeClaim"),
            ("snapshot.storage.k8s.io", "VolumeSnapshot"),
        ];
        if known.contains(&(group, kind)) {
            fill::value(spec, "dataSourceRef", source);
        } else {
            spec.remove("dataSource");
        }
    }
}

fn class(object: &Object) -> &str {
    object
        .annotation("volume.beta.kubernetes.io/storage-class")
        .unwrap_or_else(|| object.text_at(&["spec", "storageClassName"]))
}

/// `RWO,ROX`, each once, in the order that kubectl has.
pub(in super::super) fn short_access_modes(modes: &[Value]) -> String {
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let short = known
        .into_iter()
        .filter(|(mode, _)| modes.iter().any(|given| given == mode))
        .map(|(_, short)| short);
    short.collect::<Vec<_>>().join(",")
}
