//! `Node` of `v1`: the machine itself. Clients look.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static NODES: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "Node",
    plural: "nodes",
    singular: "node",
    short_names: &["no"],
    categories: &[],
    scope: Scope::Cluster,
    // A real API server lists all verbs; that no node is made or deleted here is answered when it is tried.
    verbs: verbs::ALL,
    subresources: &[verbs::read_status("Node")],
    built_in: true,
    strategy: &Node,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Status", "Whether it runs pods."),
    column::text("Roles", "What it is for."),
    column::AGE,
    column::text("Version", "The version of what runs its pods."),
    column::wide("Internal-IP", "Its address inside."),
    column::wide("External-IP", "Its address outside."),
    column::wide("OS-Image", "Its operating system."),
    column::wide("Kernel-Version", "Its kernel."),
    column::wide("Container-Runtime", "What runs its containers."),
];

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";

struct Node;

impl Strategy for Node {
    fn counts_generation(&self) -> bool {
        false
    }

    fn selectable_fields(&self, object: &Object) -> Vec<(&'static str, String)> {
        vec![("spec.unschedulable", is_closed(object).to_string())]
    }

    fn selectable_field_names(&self) -> &'static [&'static str] {
        &["spec.unschedulable"]
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let about = |field| object.text_at(&["status", "nodeInfo", field]);
        vec![
            object.name().into(),
            readiness(object).into(),
            column::or_none(&roles(object).join(",")).into(),
            age::age(object, now).into(),
            about("kubeletVersion").into(),
            address(object, "InternalIP").into(),
            address(object, "ExternalIP").into(),
            column::or(about("osImage"), "<unknown>").into(),
            column::or(about("kernelVersion"), "<unknown>").into(),
            column::or(about("containerRuntimeVersion"), "<unknown>").into(),
        ]
    }
}

fn is_closed(object: &Object) -> bool {
    let closed = object.at(&["spec", "unschedulable"]);
    closed.and_then(Value::as_bool).unwrap_or(false)
}

fn readiness(object: &Object) -> String {
    let conditions = object.list_at(&["status", "conditions"]);
    let ready = conditions
        .iter()
        .rfind(|condition| condition.get("type").is_some_and(|kind| kind == "Ready"));
    let ready = ready.and_then(|condition| condition.get("status")?.as_str());
    let words = match ready {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    match is_closed(object) {
        true => format!("{words},SchedulingDisabled"),
        false => words.to_owned(),
    }
}

fn roles(object: &Object) -> Vec<&str> {
    let labels = object
        .at(&["metadata", "labels"])
        .and_then(Value::as_object);
    let mut roles: Vec<_> = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| match key.strip_prefix(ROLE_PREFIX) {
            Some(role) => Some(role),
            None => value.as_str().filter(|_| key == "kubernetes.io/role"),
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn address(object: &Object, kind: &str) -> String {
    let addresses = object.list_at(&["status", "addresses"]);
    let address = addresses
        .iter()
        .find(|address| address.get("type").is_some_and(|of| of == kind));
    let address = address.and_then(|address| address.get("address")?.as_str());
    column::or_none(address.unwrap_or_default())
}
