//! What a pod is to be.

use serde::Deserialize;

use super::container::{Container, RestartPolicy};
use super::resources::ContainerResources;
use super::security::PodSecurity;
use super::volume::Volume;
use super::wire;

/// The spec of a pod.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Run to completion one after the other, before the others; those that restart go on beside them.
    pub init_containers: Vec<Container>,
    /// What it is there for.
    pub containers: Vec<Container>,
    /// What containers mount.
    pub volumes: Vec<Volume>,
    /// What happens to containers that end.
    pub restart_policy: RestartPolicy,
    /// How long containers may take to end.
    #[serde(deserialize_with = "grace", default = "default_grace")]
    pub termination_grace_period_seconds: u64,
    /// How long the pod may be active.
    pub active_deadline_seconds: Option<u64>,
    /// The account it runs as, for the API.
    pub service_account_name: String,
    /// Secrets that its images may be pulled with.
    pub image_pull_secrets: Vec<SecretName>,
    /// The node it was bound to by whoever made it.
    pub node_name: String,
    /// Its host name, when not the pod's name.
    pub hostname: String,
    /// The service that gives it a name of its own.
    pub subdomain: String,
    /// Whether it shares the machine's network.
    pub host_network: bool,
    /// Names for `/etc/hosts`.
    pub host_aliases: Vec<HostAlias>,
    /// Whether containers get variables for the services of the namespace.
    #[serde(default = "yes")]
    pub enable_service_links: bool,
    /// What holds for all containers.
    pub security_context: PodSecurity,
    /// Conditions that others write and without which the pod is not ready.
    pub readiness_gates: Vec<ReadinessGate>,
    /// What keeps the pod from being scheduled.
    pub scheduling_gates: Vec<SchedulingGate>,
    /// What the pod as a whole asks for, where that is said.
    pub resources: ContainerResources,
}

/// A condition that readiness waits for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessGate {
    /// Its type.
    pub condition_type: String,
}

/// Something that keeps a pod from being scheduled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SchedulingGate {
    /// Its name.
    pub name: String,
}

/// A secret of the pod's namespace, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct SecretName {
    /// Its name.
    pub name: String,
}

/// Names for an address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct HostAlias {
    /// The address.
    pub ip: String,
    /// The names.
    pub hostnames: Vec<String>,
}

/// Kubernetes' own default.
const DEFAULT_GRACE_SECONDS: u64 = 30;

fn default_grace() -> u64 {
    DEFAULT_GRACE_SECONDS
}

fn grace<'de, D: serde::Deserializer<'de>>(source: D) -> Result<u64, D::Error> {
    wire::seconds(source)
}

fn yes() -> bool {
    true
}
