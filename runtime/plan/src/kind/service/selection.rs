//! The pods of a service, and where in each of them its ports lead.

use std::net::IpAddr;

use coracle_objects::{Object, ObjectExt as _};
use serde_json::Value;

use super::super::pod_status::{has_ended, is_ready};
use super::selects;

/// A pod that a service leads to, or would if it were ready.
#[derive(Debug, Clone)]
pub(super) struct Selected<'a> {
    pub(super) pod: &'a Object,
    pub(super) address: IpAddr,
    /// Whether it is led to.
    pub(super) is_ready: bool,
    /// The ports of the service that lead into it.
    pub(super) ports: Vec<SelectedPort<'a>>,
}

/// A port of a service, and where it leads in a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SelectedPort<'a> {
    /// The service's name for it; may be empty.
    pub(super) name: &'a str,
    pub(super) port: u16,
    pub(super) target: u16,
    pub(super) protocol: &'a str,
}

/// The pods of a service that have an address and are not about to go.
pub(super) fn selected<'a>(
    service: &'a Object,
    pods: impl IntoIterator<Item = &'a Object>,
) -> Vec<Selected<'a>> {
    let of_unready = service.at(&["spec", "publishNotReadyAddresses"]) == Some(&Value::Bool(true));
    let pods = pods.into_iter().filter(|pod| {
        selects(service, pod) && !has_ended(pod) && (of_unready || !pod.is_being_deleted())
    });
    pods.filter_map(|pod| {
        let ports = service.list_at(&["spec", "ports"]).iter();
        Some(Selected {
            pod,
            address: pod.text_at(&["status", "podIP"]).parse().ok()?,
            is_ready: of_unready || is_ready(pod),
            ports: ports.filter_map(|port| selected_port(port, pod)).collect(),
        })
    })
    .collect()
}

fn selected_port<'a>(port: &'a Value, pod: &Object) -> Option<SelectedPort<'a>> {
    let text = |field: &str| port.get(field).and_then(Value::as_str);
    let number = number(port.get("port")?)?;
    let protocol = text("protocol").unwrap_or("TCP");
    let target = match port.get("targetPort") {
        Some(Value::String(name)) => named(name, protocol, pod)?,
        Some(target) => self::number(target)?,
        None => number,
    };
    Some(SelectedPort {
        name: text("name").unwrap_or_default(),
        port: number,
        target,
        protocol,
    })
}

/// The port that a pod gives a name to: one of its containers, or of those beside them that start first and stay.
fn named(name: &str, protocol: &str, pod: &Object) -> Option<u16> {
    let stays = |container: &&Value| {
        container.get("restartPolicy").and_then(Value::as_str) == Some("Always")
    };
    let init = pod.list_at(&["spec", "initContainers"]).iter();
    let containers = pod.list_at(&["spec", "containers"]).iter();
    let ports = containers
        .chain(init.filter(stays))
        .filter_map(|container| container.get("ports")?.as_array())
        .flatten();
    let text = |port: &Value, field: &str| port.get(field)?.as_str().map(str::to_owned);
    let mut meant = ports.filter(|port| {
        let spoken = text(port, "protocol").unwrap_or_else(|| "TCP".to_owned());
        text(port, "name").as_deref() == Some(name) && spoken == protocol
    });
    number(meant.next()?.get("containerPort")?)
}

fn number(value: &Value) -> Option<u16> {
    u16::try_from(value.as_u64()?).ok()
}
