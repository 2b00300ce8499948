//! What a pod refers to, read from the objects of the API.

use coracle_apiserver::ApiServer;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::kind::service::{is_forwarded, selects};
use coracle_plan::pod::{ClaimState, ServicePort, ServiceView};
use serde_json::Value;

/// Where a claim stands; none when it is not there.
pub(super) fn claim(api: &ApiServer, namespace: &str, name: &str) -> Option<ClaimState> {
    let found = api.find(kind::persistent_volume_claims(), namespace, name)?;
    Some(match found.body.text_at(&["status", "phase"]) {
        "Bound" => ClaimState::Bound,
        _ => ClaimState::Pending,
    })
}

/// The services of a namespace, as a pod sees them. Where `forwards` does not hold, nothing stands for any of them.
pub(super) fn services(
    api: &ApiServer,
    namespace: &str,
    pod: &Object,
    forwards: bool,
) -> Vec<ServiceView> {
    let found = api.all(kind::services(), Some(namespace));
    let services = found.iter().map(|service| &service.body);
    services
        .filter(|service| !service.is_being_deleted())
        .map(|service| view(service, pod, forwards))
        .collect()
}

fn view(service: &Object, pod: &Object, forwards: bool) -> ServiceView {
    let address = service.text_at(&["spec", "clusterIP"]);
    let ports = service.list_at(&["spec", "ports"]).iter();
    ServiceView {
        name: service.name().to_owned(),
        cluster_ip: Some(address.to_owned())
            .filter(|address| !matches!(address.as_str(), "" | "None")),
        ports: ports.filter_map(port).collect(),
        selects_pod: selects(service, pod),
        is_forwarded: forwards && is_forwarded(service),
    }
}

fn port(port: &Value) -> Option<ServicePort> {
    let text = |field: &str| port.get(field).and_then(Value::as_str);
    Some(ServicePort {
        name: text("name").unwrap_or_default().to_owned(),
        port: u16::try_from(port.get("port")?.as_u64()?).ok()?,
        protocol: text("protocol").unwrap_or("TCP").to_owned(),
    })
}
