//! `Event` of `v1`: what happened to an object, for people.

use coracle_model::Timestamp;
use serde_json::Value;

use super::place::Place;
use super::{age, column, fill, verbs, words};
use crate::field::FieldError;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static EVENTS: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "Event",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[],
    built_in: true,
    strategy: &Event,
};

const COLUMNS: &[Column] = &[
    column::text("Last Seen", "How long ago it happened last."),
    column::text("Type", "Whether it is as it should be."),
    column::text("Reason", "One word about it."),
    column::text("Object", "What it happened to."),
    column::wide("Subobject", "What part of that."),
    column::wide("Source", "Who tells it."),
    column::text("Message", "What happened."),
    column::wide("First Seen", "How long ago it happened first."),
    column::wide("Count", "How often it happened."),
    Column {
        priority: 1,
        ..column::NAME
    },
];

const SELECTABLE: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

struct Event;

impl Strategy for Event {
    fn set_defaults(&self, object: &mut Object) {
        for time in ["eventTime", "firstTimestamp", "lastTimestamp"] {
            object.entry(time).or_insert(Value::Null);
        }
        for text in ["reportingComponent", "reportingInstance"] {
            fill::value(object, text, "");
        }
        for map in ["source", "involvedObject"] {
            fill::value(object, map, serde_json::Map::new());
        }
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let of = Place::of(object, "involvedObject").field("namespace");
        let is_new = !Place::of(object, "eventTime").is_empty();
        let (own, named) = (object.namespace(), of.text());
        let fits = match named {
            "" => matches!(own, "" | "default") || (is_new && own == "kube-system"),
            named => named == own || is_new,
        };
        if !fits {
            faults.push(of.invalid_text("does not match event.namespace"));
        }
        if is_new {
            let required = [
                "reportingComponent",
                "reportingInstance",
                "action",
                "reason",
            ];
            for place in required.map(|field| Place::of(object, field)) {
                if place.is_empty() {
                    faults.push(place.required(""));
                }
                if place.path().as_str() == "reportingComponent" {
                    place.check(words::check_qualified_name, &mut faults);
                }
            }
        }
        faults
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let _ = old;
        self.validate(new)
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn selectable_fields(&self, object: &Object) -> Vec<(&'static str, String)> {
        let value = |name: &str| match name {
            "source" => source_component(object).to_owned(),
            name => {
                let path: Vec<_> = name.split('.').collect();
                object.text_at(&path).to_owned()
            }
        };
        SELECTABLE.iter().map(|name| (*name, value(name))).collect()
    }

    fn selectable_field_names(&self) -> &'static [&'static str] {
        SELECTABLE
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let time = |path: &[&str]| age::time_at(object, path);
        let count = |path: &[&str]| object.at(path).and_then(Value::as_i64);
        let happened = time(&["eventTime"]);
        let first = time(&["firstTimestamp"]).or(happened);
        let (last, times) = match object.get("series").filter(|series| series.is_object()) {
            Some(_) => (
                time(&["series", "lastObservedTime"]),
                count(&["series", "count"]).unwrap_or(0),
            ),
            None => (
                time(&["lastTimestamp"]).or(first),
                count(&["count"]).filter(|count| *count != 0).unwrap_or(1),
            ),
        };
        vec![
            age::since(last, now).into(),
            object.text_at(&["type"]).into(),
            object.text_at(&["reason"]).into(),
            involved(object).into(),
            object.text_at(&["involvedObject", "fieldPath"]).into(),
            source(object).into(),
            object.text_at(&["message"]).trim().into(),
            age::since(first, now).into(),
            times.into(),
            object.name().into(),
        ]
    }
}

fn involved(object: &Object) -> String {
    let kind = object.text_at(&["involvedObject", "kind"]).to_lowercase();
    match object.text_at(&["involvedObject", "name"]) {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

fn source_component(object: &Object) -> &str {
    first_of(object, &["source", "component"], &["reportingComponent"])
}

fn source(object: &Object) -> String {
    let component = source_component(object);
    match first_of(object, &["source", "host"], &["reportingInstance"]) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}

fn first_of<'object>(object: &'object Object, path: &[&str], other: &[&str]) -> &'object str {
    match object.text_at(path) {
        "" => object.text_at(other),
        text => text,
    }
}
