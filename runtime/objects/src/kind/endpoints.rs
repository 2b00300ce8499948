//! `Endpoints` of `v1`: where a service's pods listen. The workbench makes them; clients look.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static ENDPOINTS: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "Endpoints",
    plural: "endpoints",
    singular: "endpoints",
    short_names: &["ep"],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::READ,
    subresources: &[],
    built_in: true,
    strategy: &Endpoints,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Endpoints", "Addresses and ports."),
    column::AGE,
];

/// How many are shown before the rest is counted.
const SHOWN: usize = 3;

struct Endpoints;

impl Strategy for Endpoints {
    fn counts_generation(&self) -> bool {
        false
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![
            object.name().into(),
            addresses(object).into(),
            age::age(object, now).into(),
        ]
    }
}

fn addresses(object: &Object) -> String {
    let list = |of: &Value, field: &str| {
        let list = of.get(field).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let mut all = Vec::new();
    for subset in object.list_at(&["subsets"]) {
        let ips: Vec<_> = list(subset, "addresses")
            .iter()
            .filter_map(|address| Some(address.get("ip")?.as_str()?.to_owned()))
            .collect();
        let ports = list(subset, "ports");
        if ports.is_empty() {
            all.extend(ips.iter().cloned());
        }
        for port in ports.iter().filter_map(|port| port.get("port")?.as_i64()) {
            all.extend(ips.iter().map(|ip| format!("{ip}:{port}")));
        }
    }
    let shown = column::or_none(&all[..all.len().min(SHOWN)].join(","));
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} + {more} more..."),
    }
}
