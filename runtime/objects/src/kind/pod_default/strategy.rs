//! What a pod default is to the API.

use coracle_model::Timestamp;

use super::super::notebook::COLUMNS;
use super::super::{age, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(in super::super) static POD_DEFAULTS: Resource = Resource {
    group: "kubeflow.org",
    versions: &["v1alpha1"],
    kind: "PodDefault",
    plural: "poddefaults",
    singular: "poddefault",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[],
    built_in: false,
    strategy: &PodDefault,
};

struct PodDefault;

impl Strategy for PodDefault {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![object.name().into(), age::age(object, now).into()]
    }
}
