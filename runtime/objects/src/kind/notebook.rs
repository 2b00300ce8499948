//! `Notebook` of `kubeflow.org`: a server of notebooks.

use coracle_model::Timestamp;

use super::{age, column, verbs, words};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static NOTEBOOKS: Resource = Resource {
    group: "kubeflow.org",
    versions: &["v1", "v1beta1", "v1alpha1"],
    kind: "Notebook",
    plural: "notebooks",
    singular: "notebook",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[verbs::status("Notebook")],
    built_in: false,
    strategy: &Notebook,
};

pub(super) const COLUMNS: &[Column] = &[
    column::NAME,
    column::date("Age", "How long ago it was made."),
];

struct Notebook;

impl Strategy for Notebook {
    fn check_name(&self, name: &str) -> Result<(), String> {
        words::first_fault(words::check_subdomain(name))
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![object.name().into(), age::age(object, now).into()]
    }
}
