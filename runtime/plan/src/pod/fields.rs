//! What a pod can be told about itself: its fields, and what its containers ask for.

use std::collections::BTreeMap;
use std::net::IpAddr;

use coracle_model::{Cpu, Memory};
use coracle_spec::kind::pod::{Amount, Container, Pod, ResourceFieldRef};

use super::objects::PodSetting;

/// The pod with what only whoever runs it knows.
#[derive(Clone, Copy)]
pub(super) struct PodFacts<'pod> {
    pub(super) pod: &'pod Pod,
    pub(super) setting: &'pod PodSetting,
    pub(super) pod_ip: Option<IpAddr>,
}

impl PodFacts<'_> {
    /// The value of a field; none when it is not one that can be asked for.
    pub(super) fn field(&self, path: &str) -> Option<String> {
        let Self {
            pod,
            setting,
            pod_ip,
        } = self;
        let ip = || pod_ip.map(|ip| ip.to_string()).unwrap_or_default();
        let value = match path {
            "metadata.name" => pod.name.clone(),
            "metadata.namespace" => pod.namespace.clone(),
            "metadata.uid" => pod.uid.to_string(),
            "metadata.labels" => lines(&pod.labels),
            "metadata.annotations" => lines(&pod.annotations),
            "spec.nodeName" => setting.node_name.clone(),
            "spec.serviceAccountName" => pod.spec.service_account_name.clone(),
            "status.hostIP" | "status.hostIPs" => setting.host_ip.to_string(),
            "status.podIP" | "status.podIPs" => ip(),
            _ => {
                let (map, key) = subscript(path)?;
                let map = match map {
                    "metadata.labels" => &pod.labels,
                    "metadata.annotations" => &pod.annotations,
                    _ => return None,
                };
                map.get(key).cloned().unwrap_or_default()
            }
        };
        Some(value)
    }

    /// What a container asks for, in the unit that is named; `own` is the container that asks.
    ///
    /// # Errors
    /// In a kubelet's words.
    pub(super) fn resource(
        &self,
        field: &ResourceFieldRef,
        own: Option<&Container>,
    ) -> Result<String, String> {
        let spec = &self.pod.spec;
        let mut containers = spec.containers.iter().chain(&spec.init_containers);
        let container = if field.container_name.is_empty() {
            own
        } else {
            containers.find(|container| container.name.as_str() == field.container_name)
        };
        let container =
            container.ok_or_else(|| format!("container {} not found", field.container_name))?;
        let (amounts, resource, is_limit) = match field.resource.split_once('.') {
            Some(("limits", resource)) => (&container.resources.limits, resource, true),
            Some(("requests", resource)) => (&container.resources.requests, resource, false),
            Some(_) | None => return Err(unsupported(field)),
        };
        let amount = amounts.get(resource);
        // A container without a limit may use what the node has; one without a request asks for nothing.
        let whole = |node: u64| if is_limit { node } else { 0 };
        let divided = match resource {
            "cpu" => {
                let cpu = amount.and_then(Amount::cpu).map(|cpu| cpu.0);
                let unit = divisor::<Cpu>(field, 1000, |cpu| cpu.0)?;
                cpu.unwrap_or_else(|| whole(self.setting.cpu.0))
                    .div_ceil(unit)
            }
            "memory" => {
                let memory = amount.and_then(Amount::memory).map(|memory| memory.0);
                let unit = divisor::<Memory>(field, 1, |memory| memory.0)?;
                memory
                    .unwrap_or_else(|| whole(self.setting.memory.0))
                    .div_ceil(unit)
            }
            "ephemeral-storage" => {
                let bytes = amount.and_then(Amount::memory).map(|bytes| bytes.0);
                bytes
                    .unwrap_or_default()
                    .div_ceil(divisor::<Memory>(field, 1, |bytes| bytes.0)?)
            }
            _ => return Err(unsupported(field)),
        };
        Ok(divided.to_string())
    }
}

fn unsupported(field: &ResourceFieldRef) -> String {
    format!("unsupported container resource : {}", field.resource)
}

fn divisor<Q: std::str::FromStr>(
    field: &ResourceFieldRef,
    default: u64,
    amount: impl Fn(Q) -> u64,
) -> Result<u64, String> {
    match field.divisor.as_str() {
        "" | "0" => Ok(default),
        written => {
            let unit = written.parse().map(amount);
            unit.ok()
                .filter(|unit| *unit > 0)
                .ok_or_else(|| format!("{written} is no divisor for {}", field.resource))
        }
    }
}

/// `metadata.labels['app']` as map and key.
fn subscript(path: &str) -> Option<(&str, &str)> {
    let (map, key) = path.strip_suffix("']")?.split_once("['")?;
    Some((map, key))
}

/// A map as a file shows it: a sorted line a key, the value in quotes.
fn lines(map: &BTreeMap<String, String>) -> String {
    let lines: Vec<_> = map
        .iter()
        .map(|(key, value)| format!("{key}={}", quoted(value)))
        .collect();
    lines.join("\n")
}

/// A text as Go quotes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
