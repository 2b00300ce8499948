//! What is wrong with a service, and with a change of one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::place::{Faults, Place};
use super::super::pod::PROTOCOLS;
use super::super::words::{self, IP_ADDRESS};
use crate::field::FieldError;
use crate::object::Object;

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// What is wrong with a service.
pub(super) fn check(service: &Object, faults: &mut Faults) {
    let spec = Place::of(service, "spec");
    let kind = spec.field("type");
    let ports = spec.field("ports");
    let is_headless = spec.field("clusterIP").text() == "None";
    if ports.is_empty() && !is_headless && kind.text() != "ExternalName" {
        faults.push(ports.required(""));
    }
    check_type(&spec, is_headless, faults);
    check_ports(&ports, faults);
    check_selector(&spec.field("selector"), faults);
    check_affinity(&spec, faults);
    check_addresses(&spec, faults);
    for address in spec.field("externalIPs").items() {
        check_outside_address(&address, faults);
    }
    if !TYPES.contains(&kind.text()) {
        faults.push(kind.not_supported(&TYPES));
    }
    check_ports_together(&spec, faults);
    check_traffic(&spec, faults);
}

fn check_type(spec: &Place<'_>, is_headless: bool, faults: &mut Faults) {
    let kind = spec.field("type").text();
    let first = spec.path().field("clusterIPs").index(0);
    if kind == "ExternalName" {
        if !spec.field("clusterIPs").is_empty() {
            faults.push(
                spec.field("clusterIPs")
                    .forbidden("may not be set for ExternalName services"),
            );
        }
        let name = spec.field("externalName");
        let text = name.text().strip_suffix('.').unwrap_or(name.text());
        if text.is_empty() {
            faults.push(name.required(""));
        } else {
            let said = words::check_subdomain(text);
            faults.extend(said.into_iter().map(|detail| name.invalid_as(text, detail)));
        }
    }
    if is_headless && matches!(kind, "NodePort" | "LoadBalancer") {
        let why = format!("may not be set to 'None' for {kind} services");
        faults.push(FieldError::invalid(first, "None", why));
    }
}

fn check_ports(ports: &Place<'_>, faults: &mut Faults) {
    let mut names = BTreeSet::new();
    let has_several = ports.len() > 1;
    for port in ports.items() {
        let name = port.field("name");
        if name.is_empty() {
            if has_several {
                faults.push(name.required(""));
            }
        } else {
            name.check(words::check_label, faults);
            if !names.insert(name.text()) {
                faults.push(name.duplicate());
            }
        }
        let number = port.field("port");
        let said = words::check_port(number.number().unwrap_or(0));
        let value = number.number().unwrap_or(0);
        faults.extend(
            said.into_iter()
                .map(|detail| number.invalid_as(value, detail)),
        );
        let protocol = port.field("protocol");
        if !PROTOCOLS.contains(&protocol.text()) {
            faults.push(protocol.not_supported(&PROTOCOLS));
        }
        check_target(&port.field("targetPort"), faults);
        let application = port.field("appProtocol");
        if application.is_set() {
            application.check(words::check_qualified_name, faults);
        }
    }
}

fn check_target(target: &Place<'_>, faults: &mut Faults) {
    let said = match target.value() {
        Value::String(name) => words::check_port_name(name),
        value => words::check_port(value.as_i64().unwrap_or(0)),
    };
    faults.extend(said.into_iter().map(|detail| target.invalid(detail)));
}

fn check_selector(selector: &Place<'_>, faults: &mut Faults) {
    for (key, value) in selector.entries() {
        let said = words::check_qualified_name(key);
        faults.extend(
            said.into_iter()
                .map(|detail| selector.invalid_as(key, detail)),
        );
        let said = words::check_label_value(value.text());
        faults.extend(
            said.into_iter()
                .map(|detail| selector.invalid_as(value.text(), detail)),
        );
    }
}

fn check_affinity(spec: &Place<'_>, faults: &mut Faults) {
    let affinity = spec.field("sessionAffinity");
    match affinity.text() {
        "None" => {}
        "ClientIP" => {
            let seconds = spec
                .field("sessionAffinityConfig")
                .field("clientIP")
                .field("timeoutSeconds");
            let bounds = 1..=86_400;
            if seconds
                .number()
                .is_some_and(|number| !bounds.contains(&number))
            {
                faults.push(seconds.invalid("must be greater than 0 and less than 86400"));
            }
        }
        _ => faults.push(affinity.not_supported(&["ClientIP", "None"])),
    }
}

fn check_addresses(spec: &Place<'_>, faults: &mut Faults) {
    let addresses = spec.field("clusterIPs");
    let single = spec.field("clusterIP");
    if spec.field("type").text() == "ExternalName" {
        return;
    }
    let first = addresses.items().next();
    if first.is_some_and(|first| first.text() != single.text()) {
        faults.push(addresses.invalid(match single.text() {
            "" => "must be empty when `clusterIP` is not specified",
            _ => "first value must match `clusterIP`",
        }));
    }
    let is_headless = single.text() == "None";
    for address in addresses.items() {
        let is_none = address.text() == "None" && is_headless;
        if !is_none && address.text().parse::<IpAddr>().is_err() {
            faults.push(address.invalid(IP_ADDRESS));
        }
    }
    let families = spec.field("ipFamilies");
    let mut seen = BTreeSet::new();
    let is_open = is_headless && spec.field("selector").is_empty();
    for family in families.items() {
        if !seen.insert(family.text()) {
            faults.push(family.duplicate());
            continue;
        }
        match family.text() {
            "IPv4" => {}
            "IPv6" if is_open => {}
            "IPv6" => faults.push(family.invalid("not configured on this cluster")),
            _ => faults.push(family.not_supported(&["IPv4", "IPv6"])),
        }
    }
    let policy = spec.field("ipFamilyPolicy");
    let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    if policy.is_set() && !policies.contains(&policy.text()) {
        faults.push(policy.not_supported(&policies));
    }
}

/// An address outside is one that others can reach.
fn check_outside_address(address: &Place<'_>, faults: &mut Faults) {
    let Ok(read) = address.text().parse::<IpAddr>() else {
        faults.push(address.invalid(IP_ADDRESS));
        return;
    };
    let (is_link_local, is_link_local_multicast) = match read {
        IpAddr::V4(read) => (read.is_link_local(), read.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(read) => (
            read.is_unicast_link_local(),
            read.is_multicast() && read.segments()[0] & 0xf == 2,
        ),
    };
    let why = if read.is_unspecified() {
        &format!("may not be unspecified ({read})")
    } else if read.is_loopback() {
        "may not be in the loopback range (127.0.0.0/8, ::1/128)"
    } else if is_link_local {
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
    } else if is_link_local_multicast {
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
    } else {
        return;
    };
    faults.push(address.invalid(why));
}

fn check_ports_together(spec: &Place<'_>, faults: &mut Faults) {
    let ports = spec.field("ports");
    if spec.field("type").text() == "ClusterIP" {
        for port in ports.items() {
            let outside = port.field("nodePort");
            if outside.number().is_some_and(|number| number != 0) {
                faults.push(outside.forbidden("may not be used when `type` is 'ClusterIP'"));
            }
        }
    }
    let mut outside_taken = BTreeSet::new();
    for port in ports.items() {
        let outside = port.field("nodePort");
        let number = outside.number().filter(|number| *number != 0);
        let key = number.map(|number| (port.field("protocol").text(), number));
        if key.is_some_and(|key| !outside_taken.insert(key)) {
            faults.push(outside.invalid("provided port is already allocated"));
        }
    }
    let mut taken = BTreeSet::new();
    for port in ports.items() {
        let key = (port.field("protocol").text(), port.field("port").number());
        if !taken.insert(key) {
            let told = json!({"protocol": key.0, "port": key.1});
            faults.push(port.duplicate_as(told));
        }
    }
}

fn check_traffic(spec: &Place<'_>, faults: &mut Faults) {
    let kind = spec.field("type").text();
    let outside = spec.field("externalTrafficPolicy");
    let has_address = kind == "ClusterIP" && !spec.field("externalIPs").is_empty();
    let is_outside = matches!(kind, "NodePort" | "LoadBalancer") || has_address;
    if is_outside {
        if !matches!(outside.text(), "Cluster" | "Local") {
            faults.push(outside.not_supported(&["Cluster", "Local"]));
        }
    } else if !outside.is_empty() {
        faults.push(outside.invalid("may only be set for externally-accessible services"));
    }
    let inside = spec.field("internalTrafficPolicy");
    if inside.is_set() && !matches!(inside.text(), "Cluster" | "Local") {
        faults.push(inside.not_supported(&["Cluster", "Local"]));
    }
    if kind != "LoadBalancer" {
        let fields = [
            ("loadBalancerSourceRanges", "LoadBalancerSourceRanges"),
            (
                "allocateLoadBalancerNodePorts",
                "allocateLoadBalancerNodePorts",
            ),
            ("loadBalancerClass", "loadBalancerClass"),
        ];
        for (field, told) in fields {
            let given = spec.field(field);
            if !given.is_empty() {
                let given = given.told_at(&spec.path().field(told));
                faults.push(given.forbidden("may only be used when `type` is 'LoadBalancer'"));
            }
        }
    }
    let spread = spec.field("trafficDistribution");
    let ways = ["PreferClose", "PreferSameZone", "PreferSameNode"];
    if spread.is_set() && !ways.contains(&spread.text()) {
        faults.push(spread.not_supported(&ways));
    }
    if kind == "LoadBalancer" {
        check_balancer(spec, faults);
    }
    let health = spec.field("healthCheckNodePort");
    let is_local = kind == "LoadBalancer" && outside.text() == "Local";
    if health.number().is_some_and(|port| port != 0) && !is_local {
        faults.push(health.invalid(
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        ));
    }
}

fn check_balancer(spec: &Place<'_>, faults: &mut Faults) {
    let told = spec.path().field("LoadBalancerSourceRanges");
    let ranges = spec.field("loadBalancerSourceRanges").told_at(&told);
    for range in ranges.items() {
        if !is_range(range.text().trim()) {
            faults.push(
                range.invalid("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
            );
        }
    }
    let class = spec.field("loadBalancerClass");
    if class.is_set() {
        class.check(words::check_qualified_name, faults);
    }
}

/// Whether it is an address and a number of its bits.
fn is_range(text: &str) -> bool {
    let read = text.split_once('/').and_then(|(address, bits)| {
        let address: IpAddr = address.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        Some(bits <= if address.is_ipv4() { 32 } else { 128 })
    });
    read.unwrap_or(false)
}

/// What is wrong with a change: an address stays.
pub(super) fn check_change(new: &Object, old: &Object, faults: &mut Faults) {
    let (spec, before) = (Place::of(new, "spec"), Place::of(old, "spec"));
    let addresses = spec.field("clusterIPs");
    let is_named = |spec: &Place<'_>| spec.field("type").text() == "ExternalName";
    let (first, then) = (
        addresses.items().next(),
        before
            .field("clusterIPs")
            .items()
            .next()
            .map(|place| place.text().to_owned()),
    );
    if !is_named(&spec)
        && !is_named(&before)
        && let (first, Some(then)) = (first, then)
        && first.is_none_or(|first| first.text() != then)
    {
        let path = addresses.path().index(0);
        faults.push(FieldError::invalid(
            path,
            addresses.value().clone(),
            "may not change once set",
        ));
    }
    check(new, faults);
}
