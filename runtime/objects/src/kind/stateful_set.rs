//! `StatefulSet` of `apps/v1`. The workbench shows notebooks as such; clients look.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, fill, persistent_volume_claim, template, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static STATEFUL_SETS: Resource = Resource {
    group: "apps",
    versions: &["v1"],
    kind: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short_names: &["sts"],
    categories: &["all"],
    scope: Scope::Namespaced,
    verbs: verbs::READ,
    subresources: &[verbs::READ_SCALE, verbs::read_status("StatefulSet")],
    built_in: true,
    strategy: &StatefulSet,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Ready", "How many of its pods are ready, of how many."),
    column::AGE,
    column::CONTAINERS,
    column::IMAGES,
];

struct StatefulSet;

impl Strategy for StatefulSet {
    fn set_defaults(&self, object: &mut Object) {
        template::set_defaults(object);
        let Some(spec) = fill::map_in(object, "spec") else {
            return;
        };
        fill::value(spec, "revisionHistoryLimit", 10);
        fill::text(spec, "podManagementPolicy", "OrderedReady");
        if let Some(update) = fill::map_in(spec, "updateStrategy") {
            fill::text(update, "type", "RollingUpdate");
            if update["type"] == "RollingUpdate"
                && let Some(rolling) = fill::map_in(update, "rollingUpdate")
            {
                fill::value(rolling, "partition", 0);
            }
        }
        if let Some(retention) = fill::map_in(spec, "persistentVolumeClaimRetentionPolicy") {
            fill::text(retention, "whenDeleted", "Retain");
            fill::text(retention, "whenScaled", "Retain");
        }
        for claim in fill::each(spec, "volumeClaimTemplates") {
            fill::text(claim, "apiVersion", "v1");
            fill::text(claim, "kind", "PersistentVolumeClaim");
            persistent_volume_claim::set_defaults(claim);
        }
    }

    fn prepare_for_create(&self, object: &mut Object) {
        let status = serde_json::json!({"replicas": 0, "availableReplicas": 0});
        object.insert("status".to_owned(), status);
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let count = |path: [&str; 2]| object.at(&path).and_then(Value::as_i64).unwrap_or(0);
        let ready = count(["status", "readyReplicas"]);
        vec![
            object.name().into(),
            format!("{ready}/{}", count(["spec", "replicas"])).into(),
            age::age(object, now).into(),
            template::container_names(object).into(),
            template::container_images(object).into(),
        ]
    }
}
