//! What other objects have to say of a new one: whether its namespace is there, and what is put into it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use coracle_objects::{Cause, Details, Object, ObjectExt as _, Scope, Status, kind};

use crate::place::Place;
use crate::server::ApiServer;

/// The ports that a service may have on every node, as clusters have them by default.
const NODE_PORTS: RangeInclusive<u16> = 30_000..=32_767;

impl ApiServer {
    /// Refuses a new object whose namespace is not there, or is going.
    pub(crate) fn admit_to_namespace(&self, place: &Place<'_>, name: &str) -> Result<(), Status> {
        if place.resource.scope == Scope::Cluster {
            return Ok(());
        }
        let namespaces = kind::namespaces();
        let Some(namespace) = self.find(namespaces, "", place.namespace) else {
            return Err(Status::not_found("", namespaces.plural, place.namespace));
        };
        if !namespace.body.is_being_deleted() {
            return Ok(());
        }
        let why = format!(
            "unable to create new content in namespace {} because it is being terminated",
            place.namespace
        );
        let message = format!("namespace {} is being terminated", place.namespace);
        let (group, plural) = (place.resource.group, place.resource.plural);
        let refusal = Status::forbidden(group, plural, name, &why);
        Err(refusal.with_details(Details {
            causes: vec![Cause {
                reason: "NamespaceTerminating".to_owned(),
                message,
                field: "metadata.namespace".to_owned(),
            }],
            ..Details::of(group, plural, name)
        }))
    }

    /// Puts into a new pod what the namespace's `PodDefault`s say of it.
    pub(crate) fn admit_pod(&self, pod: &mut Object, place: &Place<'_>) -> Result<(), Status> {
        if place.resource.plural != "pods" || !place.resource.group.is_empty() {
            return Ok(());
        }
        let defaults = self.all(kind::pod_defaults(), Some(place.namespace));
        let defaults: Vec<&Object> = defaults.iter().map(|object| &object.body).collect();
        kind::pod_default::apply(pod, &defaults)
    }

    /// Gives a new service an address and ports of its own.
    pub(crate) fn admit_service(&self, service: &mut Object, place: &Place<'_>) {
        if !std::ptr::eq(place.resource, kind::services()) {
            return;
        }
        let others = self.all(kind::services(), None);
        if kind::service::needs_address(service) {
            let taken: BTreeSet<&str> = others
                .iter()
                .map(|other| other.body.text_at(&["spec", "clusterIP"]))
                .collect();
            let mut addresses = self.range_of(place.namespace).services();
            let free = addresses.find(|address| !taken.contains(address.to_string().as_str()));
            if let Some(address) = free {
                kind::service::assign_address(service, address.into());
            }
        }
        let taken: BTreeSet<u64> = others
            .iter()
            .flat_map(|other| other.body.list_at(&["spec", "ports"]))
            .filter_map(|port| port.get("nodePort")?.as_u64())
            .collect();
        let mut free = NODE_PORTS.filter(|port| !taken.contains(&u64::from(*port)));
        kind::service::assign_node_ports(service, &mut free);
    }
}
