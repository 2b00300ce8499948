//! All resources, and finding one.

use super::{
    access_review, config_map, custom_resource_definition, deployment, endpoints, event,
    inference_graph, inference_service, job, lease, namespace, node, notebook, persistent_volume,
    persistent_volume_claim, pod, pod_default, replica_set, secret, service, service_account,
    serving_runtime, stateful_set, storage_class,
};
use crate::api_version;
use crate::resource::{GroupVersion, Resource};

static RESOURCES: [&Resource; 26] = [
    &config_map::CONFIG_MAPS,
    &endpoints::ENDPOINTS,
    &event::EVENTS,
    &namespace::NAMESPACES,
    &node::NODES,
    &persistent_volume_claim::PERSISTENT_VOLUME_CLAIMS,
    &persistent_volume::PERSISTENT_VOLUMES,
    &pod::PODS,
    &secret::SECRETS,
    &service_account::SERVICE_ACCOUNTS,
    &service::SERVICES,
    &deployment::DEPLOYMENTS,
    &replica_set::REPLICA_SETS,
    &stateful_set::STATEFUL_SETS,
    &access_review::SELF_SUBJECT_ACCESS_REVIEWS,
    &access_review::SELF_SUBJECT_RULES_REVIEWS,
    &job::JOBS,
    &storage_class::STORAGE_CLASSES,
    &custom_resource_definition::CUSTOM_RESOURCE_DEFINITIONS,
    &lease::LEASES,
    &notebook::NOTEBOOKS,
    &pod_default::POD_DEFAULTS,
    &serving_runtime::CLUSTER_SERVING_RUNTIMES,
    &inference_graph::INFERENCE_GRAPHS,
    &inference_service::INFERENCE_SERVICES,
    &serving_runtime::SERVING_RUNTIMES,
];

/// All resources, those of a group together, in the order in which discovery lists them.
pub fn resources() -> &'static [&'static Resource] {
    &RESOURCES
}

/// The resource at `/apis/{group}/{version}/{plural}`; an empty group is the core group.
pub fn find(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    let at =
        |resource: &&&Resource| resource.is_served(group, version) && resource.plural == plural;
    RESOURCES.iter().find(at).copied()
}

/// The resource of a kind, by the `apiVersion` and the kind that stand in its objects.
pub fn find_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    let (group, version) = api_version::split(api_version);
    let of = |resource: &&&Resource| resource.is_served(group, version) && resource.kind == kind;
    RESOURCES.iter().find(of).copied()
}

/// The groups and versions that are served: those of a group together, its preferred version first.
pub fn group_versions() -> Vec<GroupVersion> {
    let mut served: Vec<GroupVersion> = Vec::new();
    for resource in resources() {
        for version in resource.versions {
            let found = GroupVersion {
                group: resource.group,
                version,
            };
            if !served.contains(&found) {
                served.push(found);
            }
        }
    }
    served
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use coracle_model::Timestamp;

    use super::*;
    use crate::object::Object;

    #[test]
    fn resources_are_found_by_path_and_by_kind() {
        let pods = find("", "v1", "pods").expect("pods are served");
        assert_eq!(pods.kind, "Pod");
        let beta = find_kind("kubeflow.org/v1beta1", "Notebook").expect("notebooks are served");
        assert_eq!(beta.plural, "notebooks");
        assert!(find("kubeflow.org", "v1", "poddefaults").is_none());
        assert!(find("", "v1", "widgets").is_none());
    }

    #[test]
    fn no_two_resources_share_a_path() {
        let paths: BTreeSet<_> = RESOURCES
            .iter()
            .map(|resource| (resource.group, resource.plural))
            .collect();
        assert_eq!(paths.len(), RESOURCES.len());
    }

    #[test]
    fn an_empty_object_has_a_cell_for_each_column() {
        for resource in resources() {
            let cells = resource
                .strategy
                .cells(&Object::new(), Timestamp::UNIX_EPOCH);
            let columns = resource.strategy.columns();
            assert_eq!(cells.len(), columns.len(), "{resource:?}");
        }
    }
}
