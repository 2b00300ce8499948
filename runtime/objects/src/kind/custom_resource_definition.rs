//! `CustomResourceDefinition` of `apiextensions.k8s.io/v1`: tells clients what custom kinds there are. None is
//! taken from a client: a kind that nobody here knows would be stored and never run.

use coracle_model::Timestamp;

use super::{column, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static CUSTOM_RESOURCE_DEFINITIONS: Resource = Resource {
    group: "apiextensions.k8s.io",
    versions: &["v1"],
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    short_names: &["crd", "crds"],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    verbs: verbs::READ,
    subresources: &[verbs::read_status("CustomResourceDefinition")],
    built_in: true,
    strategy: &CustomResourceDefinition,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::date("Created At", "When it was made."),
];

struct CustomResourceDefinition;

impl Strategy for CustomResourceDefinition {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, _now: Timestamp) -> Vec<Cell> {
        vec![
            object.name().into(),
            object.meta("creationTimestamp").into(),
        ]
    }
}
