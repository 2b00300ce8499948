//! `Namespace` of `v1`.

use coracle_model::Timestamp;

use super::{age, column, verbs, words};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope, Subresource, Verb};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static NAMESPACES: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    categories: &[],
    scope: Scope::Cluster,
    verbs: &[
        Verb::Create,
        Verb::Delete,
        Verb::Get,
        Verb::List,
        Verb::Patch,
        Verb::Update,
        Verb::Watch,
    ],
    subresources: &[
        Subresource {
            name: "finalize",
            kind: "Namespace",
            group_version: None,
            verbs: &[Verb::Update],
        },
        verbs::status("Namespace"),
    ],
    built_in: true,
    strategy: &Namespace,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Status", "Whether it is in use or going away."),
    column::AGE,
];

struct Namespace;

impl Strategy for Namespace {
    fn counts_generation(&self) -> bool {
        false
    }

    fn is_held(&self, object: &Object) -> bool {
        !object.list_at(&["spec", "finalizers"]).is_empty()
    }

    fn prepare_for_deletion(&self, object: &mut Object) {
        object.metadata_mut().remove("deletionGracePeriodSeconds");
        let status = object
            .entry("status")
            .or_insert_with(|| Object::new().into());
        if let Some(status) = status.as_object_mut() {
            status.insert("phase".to_owned(), "Terminating".into());
        }
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        words::first_fault(words::check_label(name))
    }

    fn selectable_fields(&self, object: &Object) -> Vec<(&'static str, String)> {
        let phase = object.text_at(&["status", "phase"]);
        vec![
            ("name", object.name().to_owned()),
            ("status.phase", phase.to_owned()),
        ]
    }

    fn selectable_field_names(&self) -> &'static [&'static str] {
        &["name", "status.phase"]
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![
            object.name().into(),
            object.text_at(&["status", "phase"]).into(),
            age::age(object, now).into(),
        ]
    }
}
