//! `PersistentVolume` of `v1`: the room behind a claim. The workbench makes them; clients look.

use coracle_model::Timestamp;

use super::persistent_volume_claim::short_access_modes;
use super::{age, column, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static PERSISTENT_VOLUMES: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    singular: "persistentvolume",
    short_names: &["pv"],
    categories: &[],
    scope: Scope::Cluster,
    verbs: verbs::READ,
    subresources: &[verbs::read_status("PersistentVolume")],
    built_in: true,
    strategy: &PersistentVolume,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Capacity", "How much room it has."),
    column::text("Access Modes", "Who may use it at once."),
    column::text(
        "Reclaim Policy",
        "What becomes of it when it is given back.",
    ),
    column::text("Status", "Whether it is in use."),
    column::text("Claim", "Whose it is."),
    column::text("StorageClass", "How it was made."),
    column::text("VolumeAttributesClass", "What attributes it has."),
    column::text("Reason", "Why it is as it is."),
    column::AGE,
    column::wide("VolumeMode", "Whether it is a folder or a device."),
];

struct PersistentVolume;

impl Strategy for PersistentVolume {
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
        let spec = |field| object.text_at(&["spec", field]);
        let claim = |field| object.text_at(&["spec", "claimRef", field]);
        let claim = match object.at(&["spec", "claimRef"]) {
            Some(_) => format!("{}/{}", claim("namespace"), claim("name")),
            None => String::new(),
        };
        let phase = match object.is_being_deleted() {
            true => "Terminating",
            false => object.text_at(&["status", "phase"]),
        };
        vec![
            object.name().into(),
            object.text_at(&["spec", "capacity", "storage"]).into(),
            short_access_modes(object.list_at(&["spec", "accessModes"])).into(),
            spec("persistentVolumeReclaimPolicy").into(),
            phase.into(),
            claim.into(),
            spec("storageClassName").into(),
            column::or(spec("volumeAttributesClassName"), "<unset>").into(),
            object.text_at(&["status", "reason"]).into(),
            age::age(object, now).into(),
            column::or(spec("volumeMode"), "<unset>").into(),
        ]
    }
}
