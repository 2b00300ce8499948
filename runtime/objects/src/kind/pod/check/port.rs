//! Ports of containers.

use std::collections::BTreeSet;

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::spec::check_word;
use crate::field::FieldError;

/// The protocols of ports.
pub(in super::super::super) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// What is wrong with the ports of a container.
pub(super) fn check_ports(ports: &Place<'_>, faults: &mut Faults) {
    let mut names = BTreeSet::new();
    for port in ports.items() {
        let name = port.field("name");
        if !name.is_empty() {
            let said = words::check_port_name(name.text());
            if said.is_empty() && !names.insert(name.text()) {
                faults.push(name.duplicate());
            }
            faults.extend(said.into_iter().map(|detail| name.invalid(detail)));
        }
        let number = port.field("containerPort");
        match number.number().unwrap_or(0) {
            0 => faults.push(number.required("")),
            value => check_number(&number, value, faults),
        }
        let outside = port.field("hostPort");
        if let Some(value) = outside.number().filter(|value| *value != 0) {
            check_number(&outside, value, faults);
        }
        check_word(&port.field("protocol"), &PROTOCOLS, faults);
    }
}

fn check_number(place: &Place<'_>, value: i64, faults: &mut Faults) {
    let said = words::check_port(value);
    faults.extend(said.into_iter().map(|detail| place.invalid(detail)));
}

/// A port of the host can be had once.
pub(super) fn check_host_ports(containers: &Place<'_>, faults: &mut Faults) {
    let mut taken = BTreeSet::new();
    for container in containers.items() {
        take_host_ports(&container, &mut taken, faults);
    }
}

/// The same for one container alone.
pub(super) fn check_host_ports_of(container: &Place<'_>, faults: &mut Faults) {
    take_host_ports(container, &mut BTreeSet::new(), faults);
}

fn take_host_ports(container: &Place<'_>, taken: &mut BTreeSet<String>, faults: &mut Faults) {
    for port in container.field("ports").items() {
        let outside = port.field("hostPort");
        let Some(number) = outside.number().filter(|number| *number != 0) else {
            continue;
        };
        let text = |field: &str| port.field(field).text();
        let key = format!("{}/{}/{number}", text("protocol"), text("hostIP"));
        if !taken.insert(key.clone()) {
            faults.push(FieldError::duplicate(outside.path().clone(), key));
        }
    }
}
