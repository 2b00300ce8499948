//! What a service is to the API, and how it is shown.

use coracle_model::Timestamp;
use serde_json::{Value, json};

use super::super::place::Place;
use super::super::{age, column, fill, verbs, words};
use super::{check, defaults};
use crate::field::FieldError;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(in super::super) static SERVICES: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "Service",
    plural: "services",
    singular: "service",
    short_names: &["svc"],
    categories: &["all"],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[verbs::status("Service")],
    built_in: true,
    strategy: &Service,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Type", "From where it is reached."),
    column::text("Cluster-IP", "Its address inside."),
    column::text("External-IP", "Its address outside."),
    column::text("Port(s)", "Its ports."),
    column::AGE,
    column::wide("Selector", "What labels its pods have."),
];

struct Service;

impl Strategy for Service {
    fn set_defaults(&self, object: &mut Object) {
        defaults::set_defaults(object);
    }

    fn prepare_for_create(&self, object: &mut Object) {
        object.insert("status".to_owned(), json!({"loadBalancer": {}}));
        defaults::pair_addresses(object);
        defaults::set_families(object);
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        check::check(object, &mut faults);
        faults
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
        defaults::drop_what_type_had(new, old);
        defaults::keep_assigned(new, old);
        defaults::pair_addresses(new);
        defaults::set_families(new);
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        check::check_change(new, old, &mut faults);
        faults
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn validate_status_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let _ = old;
        let ingress = Place::of(new, "status")
            .field("loadBalancer")
            .field("ingress");
        let balances = new.text_at(&["spec", "type"]) == "LoadBalancer";
        match ingress.is_empty() || balances {
            true => Vec::new(),
            false => {
                vec![ingress.forbidden("may only be used when `spec.type` is 'LoadBalancer'")]
            }
        }
    }

    fn answers_deleted(&self) -> bool {
        true
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        words::first_fault(words::check_label_1035(name))
    }

    fn selectable_fields(&self, object: &Object) -> Vec<(&'static str, String)> {
        let text = |field| object.text_at(&["spec", field]).to_owned();
        vec![
            ("spec.clusterIP", text("clusterIP")),
            ("spec.type", text("type")),
        ]
    }

    fn selectable_field_names(&self) -> &'static [&'static str] {
        &["spec.clusterIP", "spec.type"]
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![
            object.name().into(),
            object.text_at(&["spec", "type"]).into(),
            column::or_none(object.text_at(&["spec", "clusterIP"])).into(),
            external_address(object).into(),
            ports(object).into(),
            age::age(object, now).into(),
            selector(object).into(),
        ]
    }
}

fn external_address(object: &Object) -> String {
    let given = object.list_at(&["spec", "externalIPs"]);
    let mut given: Vec<_> = given.iter().filter_map(Value::as_str).collect();
    match object.text_at(&["spec", "type"]) {
        "ExternalName" => object.text_at(&["spec", "externalName"]).to_owned(),
        "LoadBalancer" => {
            let ingress = object.list_at(&["status", "loadBalancer", "ingress"]);
            let mut addresses: Vec<_> = ingress
                .iter()
                .filter_map(|point| point.get("ip").or(point.get("hostname"))?.as_str())
                .collect();
            addresses.sort_unstable();
            addresses.append(&mut given);
            column::or(&addresses.join(","), "<pending>")
        }
        _ => column::or_none(&given.join(",")),
    }
}

fn ports(object: &Object) -> String {
    let ports = object.list_at(&["spec", "ports"]).iter().map(|port| {
        let number = |field: &str| port.get(field).and_then(Value::as_i64).unwrap_or(0);
        let protocol = port.get("protocol").and_then(Value::as_str);
        let protocol = protocol.unwrap_or_default();
        match number("nodePort") {
            0 => format!("{}/{protocol}", number("port")),
            outside => format!("{}:{outside}/{protocol}", number("port")),
        }
    });
    column::or_none(&ports.collect::<Vec<_>>().join(","))
}

fn selector(object: &Object) -> String {
    let labels = object.at(&["spec", "selector"]).and_then(Value::as_object);
    let terms = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let mut terms: Vec<_> = terms.collect();
    terms.sort();
    column::or_none(&terms.join(","))
}
