//! The variables by which containers find the services of their namespace, as Docker's links once had them.

use std::collections::BTreeMap;

use super::objects::{ServicePort, ServiceView};

/// The service of the API itself, which containers hear of even when they want no others.
const MASTER: &str = "kubernetes";

/// The variables for services that have an address.
pub(super) fn service_variables(
    services: &[ServiceView],
    enable_service_links: bool,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for service in services {
        if let Some(address) = &service.cluster_ip
            && (enable_service_links || service.name == MASTER)
            && !service.ports.is_empty()
        {
            describe(service, address, &mut variables);
        }
    }
    variables
}

fn describe(service: &ServiceView, address: &str, variables: &mut BTreeMap<String, String>) {
    let prefix = variable_name(&service.name);
    let mut set = |name: String, value: String| drop(variables.insert(name, value));
    set(format!("{prefix}_SERVICE_HOST"), address.to_owned());
    for (index, port) in service.ports.iter().enumerate() {
        let ServicePort {
            name,
            port,
            protocol,
        } = port;
        let protocol = if protocol.is_empty() { "TCP" } else { protocol };
        let scheme = protocol.to_ascii_lowercase();
        let url = format!("{scheme}://{address}:{port}");
        if index == 0 {
            set(format!("{prefix}_SERVICE_PORT"), port.to_string());
            set(format!("{prefix}_PORT"), url.clone());
        }
        if !name.is_empty() {
            set(
                format!("{prefix}_SERVICE_PORT_{}", variable_name(name)),
                port.to_string(),
            );
        }
        let link = format!("{prefix}_PORT_{port}_{}", protocol.to_ascii_uppercase());
        set(format!("{link}_PROTO"), scheme);
        set(format!("{link}_PORT"), port.to_string());
        set(format!("{link}_ADDR"), address.to_owned());
        set(link, url);
    }
}

fn variable_name(name: &str) -> String {
    let name = name.replace(['.', '-'], "_").to_ascii_uppercase();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}
