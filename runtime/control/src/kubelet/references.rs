//! What a pod refers to, read from the objects of the API.

use coracle_apiserver::ApiServer;
use coracle_objects::{Object, ObjectExt as _, Resource, kind};
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

/// The services of a namespace, as a pod with these labels sees them.
pub(super) fn services(api: &ApiServer, namespace: &str, pod: &Object) -> Vec<ServiceView> {
    let found = api.all(services_resource(), Some(namespace));
    found
        .iter()
        .filter(|service| !service.body.is_being_deleted())
        .map(|service| view(&service.body, pod))
        .collect()
}

fn services_resource() -> &'static Resource {
    kind::services()
}

fn view(service: &Object, pod: &Object) -> ServiceView {
    let address = service.text_at(&["spec", "clusterIP"]);
    let ports = service.list_at(&["spec", "ports"]).iter();
    ServiceView {
        name: service.name().to_owned(),
        cluster_ip: Some(address.to_owned())
            .filter(|address| !matches!(address.as_str(), "" | "None")),
        ports: ports.filter_map(port).collect(),
        selects_pod: selects(service, pod),
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

fn selects(service: &Object, pod: &Object) -> bool {
    let selector = service.at(&["spec", "selector"]).and_then(Value::as_object);
    selector.is_some_and(|selector| {
        !selector.is_empty()
            && selector
                .iter()
                .all(|(label, value)| pod.label(label) == value.as_str())
    })
}
