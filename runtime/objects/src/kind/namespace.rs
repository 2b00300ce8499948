//! `Namespace` of `v1`.

use coracle_model::Timestamp;
use serde_json::{Value, json};

use super::place::Place;
use super::{age, column, fill, verbs, words};
use crate::field::FieldError;
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

/// The label by which a namespace can be selected by its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

impl Strategy for Namespace {
    fn set_defaults(&self, object: &mut Object) {
        let name = object.name().to_owned();
        if !name.is_empty() {
            let metadata = object.metadata_mut();
            if let Some(labels) = fill::map_in(metadata, "labels") {
                labels.insert(NAME_LABEL.to_owned(), name.into());
            }
        }
        if let Some(status) = fill::map_in(object, "status") {
            fill::text(status, "phase", "Active");
        }
        fill::value(object, "spec", serde_json::Map::new());
    }

    fn prepare_for_create(&self, object: &mut Object) {
        object.insert("status".to_owned(), json!({"phase": "Active"}));
        let Some(spec) = fill::map_in(object, "spec") else {
            return;
        };
        fill::value(spec, "finalizers", Value::Array(Vec::new()));
        let finalizers = spec.get_mut("finalizers").and_then(Value::as_array_mut);
        if let Some(finalizers) =
            finalizers.filter(|list| !list.iter().any(|one| one == "kubernetes"))
        {
            finalizers.push("kubernetes".into());
        }
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        for finalizer in Place::of(object, "spec").field("finalizers").items() {
            let name = finalizer.text();
            let path = Place::of(object, "spec").field("finalizers");
            let said = words::check_qualified_name(name);
            faults.extend(said.into_iter().map(|detail| path.invalid_as(name, detail)));
            if !name.contains('/') && name != "kubernetes" {
                faults.push(path.invalid_as(
                    name,
                    "name is neither a standard finalizer name nor is it fully qualified",
                ));
            }
        }
        faults
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
        fill::keep(new, old, "spec");
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let _ = (new, old);
        Vec::new()
    }

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
        vec![("status.phase", phase.to_owned())]
    }

    fn selectable_field_names(&self) -> &'static [&'static str] {
        &["status.phase"]
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
