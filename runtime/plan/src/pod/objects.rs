//! What a pod refers to, as values.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

use coracle_model::{Cpu, Memory};
use coracle_spec::kind::pod::{Container, EnvFromSource, EnvSource, Pod, Projection, VolumeSource};

use super::credentials::PullSecret;

/// What a plan of a pod is told of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSetting {
    /// The name of the one node.
    pub node_name: String,
    /// Its address.
    pub host_ip: IpAddr,
    /// What it has: what a container may use that has no limit.
    pub cpu: Cpu,
    /// What it has.
    pub memory: Memory,
    /// The directory of this pod.
    pub directory: PathBuf,
}

/// The objects that a pod refers to, as they stand at one moment. What is not there is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodObjects {
    /// Config maps of the namespace, by name.
    pub config_maps: BTreeMap<String, Entries>,
    /// Secrets of the namespace, by name.
    pub secrets: BTreeMap<String, Entries>,
    /// Secrets that images may be pulled with, by name.
    pub pull_secrets: BTreeMap<String, PullSecret>,
    /// Claims of the namespace, by name.
    pub claims: BTreeMap<String, ClaimState>,
    /// Tokens of the pod's account, by audience; an empty audience is the API itself.
    pub tokens: BTreeMap<String, String>,
    /// The services of the namespace, and that of the API.
    pub services: Vec<ServiceView>,
}

/// The content of a config map or secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Entries {
    /// What may stand in variables and files.
    pub data: BTreeMap<String, Vec<u8>>,
    /// What may stand in files alone: `binaryData`.
    pub binary: BTreeMap<String, Vec<u8>>,
}

impl std::fmt::Debug for Entries {
    /// Without the values, which may be secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys = self.data.keys().chain(self.binary.keys());
        formatter.debug_set().entries(keys).finish()
    }
}

/// Where a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// It has a volume.
    Bound,
    /// It waits for one.
    Pending,
}

/// A service as a pod sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceView {
    /// Its name.
    pub name: String,
    /// Its address; none when it is headless.
    pub cluster_ip: Option<String>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Whether the pod is one of those that it leads to.
    pub selects_pod: bool,
    /// Whether something of its own stands for it, and has its names.
    pub is_forwarded: bool,
}

/// A port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name; may be empty.
    pub name: String,
    /// Its number.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// The names of the objects that a pod refers to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodReferences {
    /// Config maps.
    pub config_maps: BTreeSet<String>,
    /// Secrets.
    pub secrets: BTreeSet<String>,
    /// Secrets that images may be pulled with.
    pub pull_secrets: BTreeSet<String>,
    /// Claims.
    pub claims: BTreeSet<String>,
    /// Audiences of tokens.
    pub token_audiences: BTreeSet<String>,
}

impl PodReferences {
    /// Those of a pod.
    pub fn of(pod: &Pod) -> Self {
        let pull_secrets = pod.spec.image_pull_secrets.iter();
        let mut references = Self {
            pull_secrets: pull_secrets.map(|secret| secret.name.clone()).collect(),
            ..Self::default()
        };
        for volume in &pod.spec.volumes {
            references.of_volume(&volume.source);
        }
        let containers = pod.spec.init_containers.iter().chain(&pod.spec.containers);
        containers.for_each(|container| references.of_container(container));
        references
    }

    fn of_volume(&mut self, source: &VolumeSource) {
        match source {
            VolumeSource::ConfigMap(keyed) => drop(self.config_maps.insert(keyed.name.clone())),
            VolumeSource::Secret(keyed) => drop(self.secrets.insert(keyed.name.clone())),
            VolumeSource::Claim { name, .. } => drop(self.claims.insert(name.clone())),
            VolumeSource::Projected { sources, .. } => {
                for source in sources {
                    match source {
                        Projection::ConfigMap(keyed) => {
                            self.config_maps.insert(keyed.name.clone());
                        }
                        Projection::Secret(keyed) => drop(self.secrets.insert(keyed.name.clone())),
                        Projection::Token(token) => {
                            self.token_audiences.insert(token.audience.clone());
                        }
                        Projection::Downward(_) | Projection::Other(_) => {}
                    }
                }
            }
            VolumeSource::EmptyDir(_)
            | VolumeSource::Downward { .. }
            | VolumeSource::HostPath(_)
            | VolumeSource::Other(_) => {}
        }
    }

    fn of_container(&mut self, container: &Container) {
        for from in &container.env_from {
            match &from.source {
                EnvFromSource::ConfigMap(name) => drop(self.config_maps.insert(name.clone())),
                EnvFromSource::Secret(name) => drop(self.secrets.insert(name.clone())),
                EnvFromSource::Other => {}
            }
        }
        for variable in &container.env {
            match &variable.source {
                EnvSource::ConfigMap(key) => drop(self.config_maps.insert(key.name.clone())),
                EnvSource::Secret(key) => drop(self.secrets.insert(key.name.clone())),
                EnvSource::Value(_) | EnvSource::Field(_) | EnvSource::Resource(_) => {}
            }
        }
    }
}
