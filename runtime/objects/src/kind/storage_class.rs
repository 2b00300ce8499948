//! `StorageClass` of `storage.k8s.io/v1`: how claims get their room. The workbench has its own; clients look.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static STORAGE_CLASSES: Resource = Resource {
    group: "storage.k8s.io",
    versions: &["v1"],
    kind: "StorageClass",
    plural: "storageclasses",
    singular: "storageclass",
    short_names: &["sc"],
    categories: &[],
    scope: Scope::Cluster,
    verbs: verbs::READ,
    subresources: &[],
    built_in: true,
    strategy: &StorageClass,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Provisioner", "Who makes the volumes."),
    column::text(
        "ReclaimPolicy",
        "What becomes of a volume that is given back.",
    ),
    column::text("VolumeBindingMode", "When a claim gets its volume."),
    column::text("AllowVolumeExpansion", "Whether a volume can grow."),
    column::AGE,
];

/// Marks the class of claims that name none.
const IS_DEFAULT: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

struct StorageClass;

impl Strategy for StorageClass {
    fn set_defaults(&self, object: &mut Object) {
        let defaults = [
            ("reclaimPolicy", "Delete"),
            ("volumeBindingMode", "Immediate"),
        ];
        for (field, value) in defaults {
            object.entry(field).or_insert_with(|| value.into());
        }
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let is_default = IS_DEFAULT
            .iter()
            .any(|annotation| object.annotation(annotation) == Some("true"));
        let name = match is_default {
            true => format!("{} (default)", object.name()),
            false => object.name().to_owned(),
        };
        let expands = object.get("allowVolumeExpansion").and_then(Value::as_bool);
        vec![
            name.into(),
            object.text_at(&["provisioner"]).into(),
            column::or(object.text_at(&["reclaimPolicy"]), "Delete").into(),
            column::or(object.text_at(&["volumeBindingMode"]), "<unset>").into(),
            expands.unwrap_or(false).into(),
            age::age(object, now).into(),
        ]
    }
}
