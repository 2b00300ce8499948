//! What stands for a service.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use coracle_forwarder::Routes;
use coracle_objects::{Object, ObjectExt as _};

use super::super::pod_status::{has_begun, has_ended};
use super::selection::selected;
use super::{answered_for, names, selector};

/// The uid of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceUid(pub String);

impl fmt::Display for ServiceUid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What takes connections for a service and passes them on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarder {
    /// The service.
    pub service: ServiceUid,
    /// Its namespace, on whose network this stands.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The address that it is known by.
    pub address: Option<IpAddr>,
    /// The names that it is found by.
    pub names: Vec<String>,
    /// Where its ports lead now.
    pub routes: Routes,
    /// Whether it may be of use now: there are several pods, one to ask and one to answer, and one of them has begun; or the workbench
    /// answers.
    pub is_of_use: bool,
}

/// The only protocol that is passed on.
const TCP: &str = "TCP";

/// Whether something stands for a service: it has an address of its own, leads to pods or to the workbench, and has ports that
/// connections can be made to.
pub fn is_forwarded(service: &Object) -> bool {
    let address = service.text_at(&["spec", "clusterIP"]);
    !matches!(address, "" | "None")
        && ports(service).next().is_some()
        && (selector(service).next().is_some() || answered_for(service).is_some())
        && service.text_at(&["spec", "type"]) != "ExternalName"
        && !service.is_being_deleted()
}

/// What is to stand for a service, by the pods of its namespace and by where those reach the workbench; none for one that has nothing of
/// its own, nor where the workbench would answer and there is nobody to ask it.
pub fn forwarder<'a>(
    service: &'a Object,
    pods: impl IntoIterator<Item = &'a Object>,
    workbench: Option<SocketAddr>,
) -> Option<Forwarder> {
    if !is_forwarded(service) {
        return None;
    }
    let pods: Vec<&Object> = pods.into_iter().filter(|pod| !has_ended(pod)).collect();
    let is_of_workbench = answered_for(service).is_some();
    if is_of_workbench && pods.is_empty() {
        return None;
    }
    let mut routes = Routes::default();
    for pod in selected(service, pods.iter().copied()) {
        let ports = pod.ports.iter().filter(|port| port.protocol == TCP);
        for port in ports.filter(|_| pod.is_ready) {
            routes.add(port.port, (pod.address, port.target).into());
        }
    }
    if let Some(workbench) = workbench.filter(|_| is_of_workbench) {
        for port in ports(service) {
            routes.add(port, workbench);
        }
    }
    let (name, namespace) = (service.name(), service.namespace());
    Some(Forwarder {
        service: ServiceUid(service.uid().to_owned()),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        address: service.text_at(&["spec", "clusterIP"]).parse().ok(),
        names: names(name, namespace).into(),
        routes,
        is_of_use: is_of_workbench || pods.len() > 1 && pods.iter().any(|pod| has_begun(pod)),
    })
}

/// The ports of a service that connections can be made to.
fn ports(service: &Object) -> impl Iterator<Item = u16> {
    let ports = service.list_at(&["spec", "ports"]).iter();
    ports
        .filter(|port| port.get("protocol").is_none_or(|protocol| protocol == TCP))
        .filter_map(|port| u16::try_from(port.get("port")?.as_u64()?).ok())
}
