//! What other objects have to say of a new one: whether its namespace is there, and what is put into it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use coracle_objects::{Cause, Details, Object, ObjectExt as _, Scope, Status, kind};
use coracle_store::StoredObject;

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

    /// Puts into a new pod the pull secrets of its account, and what the namespace's `PodDefault`s say of it.
    pub(crate) fn admit_pod(&self, pod: &mut Object, place: &Place<'_>) -> Result<(), Status> {
        if !std::ptr::eq(place.resource, kind::pods()) {
            return Ok(());
        }
        if let Some(account) = self.account(pod, place.namespace)? {
            kind::pod::take_pull_secrets(pod, &account.body);
        }
        self.apply_pod_defaults(pod, place)?;
        // They may have named another account.
        self.account(pod, place.namespace).map(drop)
    }

    /// The account of a pod; none when it is one that is about to be made, as every namespace has it.
    fn account(&self, pod: &Object, namespace: &str) -> Result<Option<Arc<StoredObject>>, Status> {
        let name = match pod.text_at(&["spec", "serviceAccountName"]) {
            "" => kind::service_account::STANDING[0],
            name => name,
        };
        let found = self.find(kind::service_accounts(), namespace, name);
        if found.is_some() || kind::service_account::STANDING.contains(&name) {
            return Ok(found);
        }
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount {name:?} not found"
        );
        Err(Status::forbidden("", "pods", pod.name(), &why))
    }

    fn apply_pod_defaults(&self, pod: &mut Object, place: &Place<'_>) -> Result<(), Status> {
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

#[cfg(test)]
mod tests {
    use coracle_model::Timestamp;
    use coracle_objects::Resource;
    use coracle_store::{Objects, Store};
    use serde_json::{Value, json};

    use super::*;

    /// The API with a namespace in which nothing was made yet.
    fn api() -> ApiServer {
        let objects = Objects::open(Store::open_in_memory().unwrap()).unwrap();
        let api = ApiServer::new(objects, Arc::new(|| Timestamp::UNIX_EPOCH), "test");
        make(
            &api,
            kind::namespaces(),
            &json!({ "metadata": { "name": "n" } }),
        )
        .unwrap();
        api
    }

    fn make(
        api: &ApiServer,
        resource: &'static Resource,
        body: &Value,
    ) -> Result<Arc<StoredObject>, Status> {
        let place = Place::of(resource, "n", "");
        api.create_object(&place, body.as_object().unwrap(), "test")
    }

    fn pod(api: &ApiServer, mut spec: Value) -> Result<Arc<StoredObject>, Status> {
        spec["containers"] = json!([{ "name": "main", "image": "python:3.11" }]);
        let body = json!({ "metadata": { "name": "p", "labels": { "a": "b" } }, "spec": spec });
        make(api, kind::pods(), &body)
    }

    #[test]
    fn a_pod_of_an_unknown_account_is_refused() {
        let api = api();
        let refused = pod(&api, json!({ "serviceAccountName": "robot" })).unwrap_err();
        assert_eq!(refused.code, 403);
        assert_eq!(
            refused.message,
            "pods \"p\" is forbidden: error looking up service account n/robot: serviceaccount \"robot\" not found"
        );
        make(
            &api,
            kind::service_accounts(),
            &json!({ "metadata": { "name": "robot" } }),
        )
        .unwrap();
        pod(&api, json!({ "serviceAccountName": "robot" })).unwrap();
    }

    #[test]
    fn accounts_that_every_namespace_has_are_not_waited_for() {
        for account in ["", "default", "default-editor"] {
            pod(&api(), json!({ "serviceAccountName": account })).unwrap();
        }
    }

    #[test]
    fn a_pod_that_names_no_pull_secrets_has_those_of_its_account() {
        let api = api();
        let account =
            json!({ "metadata": { "name": "robot" }, "imagePullSecrets": [{ "name": "theirs" }] });
        make(&api, kind::service_accounts(), &account).unwrap();
        let secrets = |spec: Value| {
            let made = pod(&api, spec).unwrap();
            api.delete(&Place::of(kind::pods(), "n", "p"), &Default::default())
                .unwrap();
            made.body.at(&["spec", "imagePullSecrets"]).cloned()
        };
        let taken = secrets(json!({ "serviceAccountName": "robot" }));
        assert_eq!(taken, Some(json!([{ "name": "theirs" }])));
        let own = json!([{ "name": "own" }]);
        let kept = secrets(json!({ "serviceAccountName": "robot", "imagePullSecrets": own }));
        assert_eq!(kept, Some(own));
        assert_eq!(secrets(json!({})), None);
    }

    #[test]
    fn an_account_that_a_pod_default_names_has_to_be_there_too() {
        let api = api();
        let selector = json!({ "matchLabels": { "a": "b" } });
        let default = json!({
            "metadata": { "name": "d" },
            "spec": { "selector": selector, "serviceAccountName": "robot" },
        });
        make(&api, kind::pod_defaults(), &default).unwrap();
        assert_eq!(pod(&api, json!({})).unwrap_err().code, 403);
    }
}
