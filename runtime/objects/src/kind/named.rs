//! The resources that loops and routes ask for by name.

use super::{
    config_map, custom_resource_definition, deployment, event, inference_graph, inference_service,
    job, namespace, node, notebook, persistent_volume_claim, pod, pod_default, replica_set, secret,
    service, service_account, serving_runtime, stateful_set,
};
use crate::resource::Resource;

macro_rules! named {
    ($($name:ident => $resource:expr),* $(,)?) => {
        $(
            #[doc = concat!("The resource `", stringify!($name), "`.")]
            pub fn $name() -> &'static Resource {
                &$resource
            }
        )*
    };
}

named! {
    cluster_serving_runtimes => serving_runtime::CLUSTER_SERVING_RUNTIMES,
    config_maps => config_map::CONFIG_MAPS,
    definitions => custom_resource_definition::CUSTOM_RESOURCE_DEFINITIONS,
    deployments => deployment::DEPLOYMENTS,
    endpoints => super::endpoints::ENDPOINTS,
    events => event::EVENTS,
    inference_graphs => inference_graph::INFERENCE_GRAPHS,
    inference_services => inference_service::INFERENCE_SERVICES,
    jobs => job::JOBS,
    namespaces => namespace::NAMESPACES,
    nodes => node::NODES,
    notebooks => notebook::NOTEBOOKS,
    persistent_volume_claims => persistent_volume_claim::PERSISTENT_VOLUME_CLAIMS,
    pod_defaults => pod_default::POD_DEFAULTS,
    pods => pod::PODS,
    replica_sets => replica_set::REPLICA_SETS,
    secrets => secret::SECRETS,
    service_accounts => service_account::SERVICE_ACCOUNTS,
    services => service::SERVICES,
    serving_runtimes => serving_runtime::SERVING_RUNTIMES,
    stateful_sets => stateful_set::STATEFUL_SETS,
}
