//! `Notebook` of `kubeflow.org`: a server of notebooks.

use coracle_model::Timestamp;
use serde_json::Value;

use super::place::Place;
use super::{age, column, verbs};
use crate::field::FieldError;
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
    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let spec = Place::of(object, "spec").field("template").field("spec");
        let containers = spec.field("containers");
        match containers.value() {
            // The schema lets a list be empty. A server without a container is none.
            Value::Array(list) if list.is_empty() => vec![containers.required("")],
            _ => Vec::new(),
        }
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![object.name().into(), age::age(object, now).into()]
    }
}
