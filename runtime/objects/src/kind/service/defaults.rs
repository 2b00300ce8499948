//! What a service is when nothing else is said, and the addresses that it is given.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::super::fill;
use crate::object::{Object, ObjectExt};

type Fields = Map<String, Value>;

/// How long a client stays with a pod: three hours.
const AFFINITY_SECONDS: i64 = 10_800;

/// Fills in the defaults.
pub(super) fn set_defaults(service: &mut Object) {
    fill::value(service, "status", json!({"loadBalancer": {}}));
    if let Some(status) = fill::map_at(service, "status") {
        fill::value(status, "loadBalancer", Map::new());
    }
    let Some(spec) = fill::map_in(service, "spec") else {
        return;
    };
    fill::text(spec, "sessionAffinity", "None");
    if spec["sessionAffinity"] == "ClientIP" {
        let seconds = fill::map_in(spec, "sessionAffinityConfig")
            .and_then(|config| fill::map_in(config, "clientIP"));
        if let Some(client) = seconds {
            fill::value(client, "timeoutSeconds", AFFINITY_SECONDS);
        }
    } else if spec["sessionAffinity"] == "None" {
        spec.remove("sessionAffinityConfig");
    }
    fill::text(spec, "type", "ClusterIP");
    for port in fill::each(spec, "ports") {
        set_port_defaults(port);
    }
    set_traffic_defaults(spec);
}

fn set_port_defaults(port: &mut Fields) {
    fill::text(port, "protocol", "TCP");
    let number = port.get("port").cloned().unwrap_or_default();
    let target = port.get("targetPort");
    if target.is_none_or(|target| target.is_null() || *target == 0 || *target == "") {
        port.insert("targetPort".to_owned(), number);
    }
}

fn set_traffic_defaults(spec: &mut Fields) {
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    let has_outside = spec
        .get("externalIPs")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty());
    let is_outside = is_outside(&kind);
    if is_outside || (kind == "ClusterIP" && has_outside) {
        fill::text(spec, "externalTrafficPolicy", "Cluster");
    }
    if is_outside || kind == "ClusterIP" {
        fill::value(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        fill::value(spec, "allocateLoadBalancerNodePorts", true);
    }
}

/// Makes `clusterIP` and `clusterIPs` say the same, whichever was given.
pub(super) fn pair_addresses(service: &mut Object) {
    let Some(spec) = fill::map_at(service, "spec") else {
        return;
    };
    let single = spec.get("clusterIP").and_then(Value::as_str);
    let single = single.unwrap_or_default().to_owned();
    let has_list = spec
        .get("clusterIPs")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty());
    if !single.is_empty() && !has_list {
        spec.insert("clusterIPs".to_owned(), json!([single]));
    }
}

/// Gives a service that needs one the address, and writes down of which family it is. Where a service brings its own
/// address, or has none, `address` is not looked at.
pub fn assign_address(service: &mut Object, address: IpAddr) {
    if needs_address(service)
        && let Some(spec) = fill::map_at(service, "spec")
    {
        spec.insert("clusterIP".to_owned(), address.to_string().into());
        spec.insert("clusterIPs".to_owned(), json!([address.to_string()]));
    }
}

/// Whether a service is to get an address of its own.
pub fn needs_address(service: &Object) -> bool {
    service.text_at(&["spec", "type"]) != "ExternalName"
        && service.text_at(&["spec", "clusterIP"]).is_empty()
}

/// Gives the ports that need one a port of the host, each the next of `free`.
pub fn assign_node_ports(service: &mut Object, free: &mut dyn Iterator<Item = u16>) {
    if !needs_node_ports(service) {
        return;
    }
    let Some(spec) = fill::map_at(service, "spec") else {
        return;
    };
    for port in fill::each(spec, "ports") {
        let has_none = port
            .get("nodePort")
            .is_none_or(|port| port.is_null() || *port == 0);
        if has_none && let Some(number) = free.next() {
            port.insert("nodePort".to_owned(), number.into());
        }
    }
}

fn needs_node_ports(service: &Object) -> bool {
    let balances = service.at(&["spec", "allocateLoadBalancerNodePorts"]);
    match service.text_at(&["spec", "type"]) {
        "NodePort" => true,
        "LoadBalancer" => balances.and_then(Value::as_bool).unwrap_or(true),
        _ => false,
    }
}

/// The families of the addresses of a service: one, the old one.
pub(super) fn set_families(service: &mut Object) {
    let is_headless = service.text_at(&["spec", "clusterIP"]) == "None";
    let selects = service
        .at(&["spec", "selector"])
        .and_then(Value::as_object)
        .is_some_and(|selector| !selector.is_empty());
    let Some(spec) = fill::map_at(service, "spec") else {
        return;
    };
    if spec.get("type").is_some_and(|kind| kind == "ExternalName") {
        return;
    }
    // A service that leads to addresses nobody here knows may lead to those of both families.
    if is_headless && !selects {
        fill::text(spec, "ipFamilyPolicy", "RequireDualStack");
        fill::value(spec, "ipFamilies", json!(["IPv4", "IPv6"]));
    } else {
        fill::value(spec, "ipFamilyPolicy", "SingleStack");
        fill::value(spec, "ipFamilies", json!(["IPv4"]));
    }
}

/// Keeps on a change what a client need not send: the addresses and ports that were given.
pub(super) fn keep_assigned(new: &mut Object, old: &Object) {
    let kind = |service: &Object| service.text_at(&["spec", "type"]).to_owned();
    let (now, then) = (kind(new), kind(old));
    let old_ports: Vec<Value> = old.list_at(&["spec", "ports"]).to_vec();
    let Some(spec) = fill::map_at(new, "spec") else {
        return;
    };
    if now == "ExternalName" || then == "ExternalName" {
        return;
    }
    let kept_list = spec.get("clusterIPs") == old.at(&["spec", "clusterIPs"]);
    let single = spec
        .get("clusterIP")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if kept_list && !single.is_empty() {
        let single = json!([single]);
        spec.insert("clusterIPs".to_owned(), single);
    }
    let lacks = |spec: &Fields, field: &str| {
        spec.get(field)
            .is_none_or(|value| value.is_null() || *value == "" || *value == json!([]))
    };
    if lacks(spec, "clusterIP") && lacks(spec, "clusterIPs") {
        for field in ["clusterIP", "clusterIPs"] {
            if let Some(value) = old.at(&["spec", field]) {
                spec.insert(field.to_owned(), value.clone());
            }
        }
    }
    for field in ["ipFamilies", "ipFamilyPolicy"] {
        let is_left_out = match spec.get(field) {
            Some(Value::Array(list)) => list.is_empty(),
            given => given.is_none_or(Value::is_null),
        };
        if let Some(value) = old.at(&["spec", field]).filter(|_| is_left_out) {
            spec.insert(field.to_owned(), value.clone());
        }
    }
    if is_outside(&now) && is_outside(&then) {
        for port in fill::each(spec, "ports") {
            let same = old_ports.iter().find(|old| {
                old.get("port") == port.get("port") && old.get("protocol") == port.get("protocol")
            });
            if let Some(number) = same.and_then(|same| same.get("nodePort")) {
                fill::number(port, "nodePort", number.as_i64().unwrap_or(0));
            }
        }
    }
}

/// Drops on a change of the type what only the type before had, unless the client changed it too.
pub(super) fn drop_what_type_had(new: &mut Object, old: &Object) {
    let kind = |service: &Object| service.text_at(&["spec", "type"]).to_owned();
    let (now, then) = (kind(new), kind(old));
    let same = |new: &Object, field: &str| new.at(&["spec", field]) == old.at(&["spec", field]);
    let mut fields = Vec::new();
    if now == "ExternalName" {
        fields.extend([
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "ipFamilyPolicy",
            "internalTrafficPolicy",
        ]);
    }
    if has_outside(old) && !has_outside(new) {
        fields.push("externalTrafficPolicy");
    }
    if then == "LoadBalancer" && now != then {
        fields.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    }
    fields.retain(|field| same(new, field));
    let ports_stay = node_ports(new) == node_ports(old);
    let Some(spec) = fill::map_at(new, "spec") else {
        return;
    };
    for field in fields {
        spec.remove(field);
    }
    if is_outside(&then) && !is_outside(&now) && ports_stay {
        for port in fill::each(spec, "ports") {
            port.remove("nodePort");
        }
    }
}

fn node_ports(service: &Object) -> Vec<Option<i64>> {
    let ports = service.list_at(&["spec", "ports"]);
    ports
        .iter()
        .map(|port| port.get("nodePort")?.as_i64())
        .collect()
}

/// Whether a service has addresses that others reach.
fn has_outside(service: &Object) -> bool {
    let kind = service.text_at(&["spec", "type"]);
    is_outside(kind)
        || (kind == "ClusterIP" && !service.list_at(&["spec", "externalIPs"]).is_empty())
}

/// Whether a service of a type is reached from outside.
fn is_outside(kind: &str) -> bool {
    matches!(kind, "NodePort" | "LoadBalancer")
}
