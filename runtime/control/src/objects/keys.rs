//! What is to be looked at again when an object changes.

use coracle_objects::{Object, ObjectExt as _, Resource, kind};
use coracle_plan::kind::claim::claims_of;
use coracle_plan::kind::deployment::HASH;
use coracle_plan::kind::notebook::NAME_LABEL;
use coracle_plan::kind::serving;

/// The label of a job's pods that names the job.
const JOB_LABEL: &str = "batch.kubernetes.io/job-name";

/// Something to reconcile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) what: What,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// By which rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum What {
    Namespace,
    Claim,
    StatefulSet,
    ReplicaSet,
    Deployment,
    Notebook,
    Job,
    InferenceService,
    InferenceGraph,
    /// The endpoints of all services of a namespace.
    Endpoints,
}

impl Key {
    pub(super) fn new(what: What, namespace: &str, name: &str) -> Self {
        Self {
            what,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The keys that a changed object touches.
    pub(super) fn of_change(resource: &Resource, object: &Object) -> Vec<Self> {
        let (namespace, name) = (object.namespace(), object.name());
        let mut keys = Vec::new();
        let is = |other: &Resource| std::ptr::eq(resource, other);
        if is(kind::namespaces()) {
            keys.push(Self::new(What::Namespace, "", name));
        } else if !namespace.is_empty() {
            // A namespace that goes waits for what is in it.
            keys.push(Self::new(What::Namespace, "", namespace));
        }
        if is(kind::persistent_volume_claims()) {
            keys.push(Self::new(What::Claim, namespace, name));
        }
        if is(kind::stateful_sets()) {
            keys.push(Self::new(What::StatefulSet, namespace, name));
        }
        if is(kind::replica_sets()) {
            keys.push(Self::new(What::ReplicaSet, namespace, name));
        }
        if is(kind::deployments()) {
            keys.push(Self::new(What::Deployment, namespace, name));
        }
        if is(kind::notebooks()) {
            keys.push(Self::new(What::Notebook, namespace, name));
        }
        if is(kind::jobs()) {
            keys.push(Self::new(What::Job, namespace, name));
        }
        if is(kind::inference_services()) {
            keys.push(Self::new(What::InferenceService, namespace, name));
        }
        if is(kind::inference_graphs()) {
            keys.push(Self::new(What::InferenceGraph, namespace, name));
        }
        if is(kind::pods()) || is(kind::services()) {
            keys.push(Self::new(What::Endpoints, "", namespace));
        }
        if is(kind::pods()) {
            keys.extend(claims_of(object).map(|claim| Self::new(What::Claim, namespace, claim)));
            let notebook = object.label(NAME_LABEL);
            keys.extend(notebook.map(|name| Self::new(What::Notebook, namespace, name)));
            let service = object.label(serving::NAME_LABEL);
            keys.extend(service.map(|name| Self::new(What::InferenceService, namespace, name)));
            // A pod that was let go by its job bears its name still.
            let job = object.label(JOB_LABEL);
            keys.extend(job.map(|name| Self::new(What::Job, namespace, name)));
        }
        for owner in object.owner_references() {
            let what = match owner.kind.as_str() {
                "StatefulSet" => What::StatefulSet,
                "ReplicaSet" => {
                    // One that makes everything anew waits for the last of the old pods.
                    let deployment = deployment_of(&owner.name, object);
                    keys.extend(
                        deployment.map(|name| Self::new(What::Deployment, namespace, name)),
                    );
                    What::ReplicaSet
                }
                "Deployment" => What::Deployment,
                "Notebook" => What::Notebook,
                "Job" => What::Job,
                "InferenceService" => What::InferenceService,
                _ => continue,
            };
            keys.push(Self::new(what, namespace, &owner.name));
        }
        keys
    }
}

/// The deployment to whose replica set a pod belongs, by the names that a deployment gives them.
fn deployment_of<'a>(replica_set: &'a str, pod: &Object) -> Option<&'a str> {
    let hash = pod.label(HASH)?;
    replica_set.strip_suffix(hash)?.strip_suffix('-')
}
