//! Sandboxes: containers that hold a network namespace which workloads join.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, EndpointIpamConfig, EndpointSettings,
    HostConfig, HostConfigLogConfig, NetworkingConfig,
};
use bollard::query_parameters::{CreateContainerOptionsBuilder, StartContainerOptions};

use super::about::Maker;
use super::client::DockerEngine;
use super::error::{Fault, ask, is_conflict, is_missing, is_missing_image, message, refusal};
use super::forwarder;
use super::labels;
use super::network::{self, NETWORK};
use super::pause::{self, PAUSE_IMAGE, PAUSE_PROGRAM};
use super::ports::{port_taken, ports, published};
use super::workload::{Running, phase};
use crate::engine::{
    EngineError, Opening, Phase, SandboxName, SandboxProgram, SandboxRequest, SandboxStatus,
};

/// The engine's word for the machine's own network.
const HOST_NETWORK: &str = "host";

/// The longest name that a machine may have.
const HOST_NAME_BYTES: usize = 63;

impl DockerEngine {
    pub(super) async fn open(&self, request: &SandboxRequest) -> Result<Opening, EngineError> {
        let name = request.name.0.as_str();
        let body = self.sandbox_body(request).await?;
        let mut created = self.create(name, body.clone()).await;
        if created.as_ref().is_err_and(is_missing_image) {
            match request.program {
                SandboxProgram::Nothing => pause::ensure(self).await?,
                SandboxProgram::Forwarder { .. } => forwarder::ensure(self).await?,
            }
            created = self.create(name, body).await;
        }
        let opening = match created {
            Ok(()) => Opening::Made,
            Err(fault) if is_conflict(&fault) => match self.check_ours(name).await? {
                Phase::Running => return Ok(Opening::Found),
                Phase::Created => Opening::Made,
                // One that ran before the engine was restarted.
                Phase::Exited => Opening::Restored,
            },
            Err(fault) => return Err(refusal(format!("make the sandbox `{name}`"))(fault)),
        };
        match self.start_sandbox(name).await {
            Ok(()) => Ok(opening),
            Err(fault) => self.open_anew(request, &fault).await.map(|()| opening),
        }
    }

    async fn start_sandbox(&self, name: &str) -> Result<(), Fault> {
        let starting = self
            .docker
            .start_container(name, None::<StartContainerOptions>);
        ask(starting).await
    }

    /// A sandbox may be left whose network is gone; it holds nothing, so a new one is as good.
    async fn open_anew(&self, request: &SandboxRequest, fault: &Fault) -> Result<(), EngineError> {
        let name = request.name.0.as_str();
        self.close(&request.name).await?;
        if let Some(taken) = port_taken(request, fault) {
            return Err(taken);
        }
        let action = format!("start the sandbox `{name}` ({})", message(fault));
        // The network may have been removed since it was looked at.
        let body = self.sandbox_body(request).await?;
        self.create(name, body)
            .await
            .map_err(refusal(action.as_str()))?;
        let Err(fault) = self.start_sandbox(name).await else {
            return Ok(());
        };
        self.close(&request.name).await?;
        Err(port_taken(request, &fault).unwrap_or_else(|| refusal(action)(fault)))
    }

    pub(super) async fn status(
        &self,
        name: &SandboxName,
    ) -> Result<Option<SandboxStatus>, EngineError> {
        match self.look_at(&name.0).await {
            Ok(found) => Ok(Some(status(found))),
            Err(fault) if is_missing(&fault) => Ok(None),
            Err(fault) => Err(refusal(format!("look at the sandbox `{name}`"))(fault)),
        }
    }

    pub(super) async fn close(&self, name: &SandboxName) -> Result<(), EngineError> {
        self.take_away(&name.0, Running::IsEnded)
            .await
            .map_err(refusal(format!("remove the sandbox `{}`", name.0)))
    }

    /// Creates a container by name.
    pub(super) async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<(), Fault> {
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        ask(self.docker.create_container(Some(options), body))
            .await
            .map(|_| ())
    }

    async fn sandbox_body(
        &self,
        request: &SandboxRequest,
    ) -> Result<ContainerCreateBody, EngineError> {
        // The workbench listens on the pipelines' network for everybody.
        let workbench = network::ensure(self).await?;
        if request.host_network {
            return Ok(self.body_on_host(request, &workbench.workbench_host()));
        }
        let network = match &request.network {
            Some(namespace) => network::ensure_namespace(self, namespace).await?,
            None => workbench.clone(),
        };
        let address = request.address.filter(|address| network.gives(*address));
        let place = EndpointSettings {
            aliases: Some(request.aliases.clone()),
            ipam_config: address.map(|address| EndpointIpamConfig {
                ipv4_address: Some(address.to_string()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let mut places = HashMap::from([(network.name.clone(), place)]);
        if self.engine.maker == Maker::Podman {
            // The address that the workbench listens on is there while a container is on its network.
            places.entry(workbench.name.clone()).or_default();
        }
        let ports = ports(request, network.here);
        let hostname = request.hostname.as_deref().unwrap_or(&request.name.0);
        let on_host = self.body_on_host(request, &workbench.workbench_host());
        let mut host_config = HostConfig {
            network_mode: Some(network.name),
            port_bindings: Some(ports.clone()),
            ..on_host.host_config.unwrap_or_default()
        };
        let (image, command, stop_signal) = match &request.program {
            SandboxProgram::Nothing => (PAUSE_IMAGE, vec![PAUSE_PROGRAM.to_owned()], None),
            SandboxProgram::Forwarder { directory } => {
                forwarder::configure(&mut host_config, directory, self.machine().await?.selinux);
                let image = forwarder::image_of(self)?.as_str();
                // It has nothing to finish, and an engine that ends would wait for it.
                (image, forwarder::command(), Some("SIGKILL".to_owned()))
            }
        };
        Ok(ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(command),
            stop_signal,
            hostname: host_name(hostname),
            exposed_ports: Some(ports.into_keys().collect()),
            host_config: Some(host_config),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(places),
            }),
            ..on_host
        })
    }

    /// A sandbox in the machine's own network, of which it is given nothing.
    fn body_on_host(&self, request: &SandboxRequest, workbench: &str) -> ContainerCreateBody {
        ContainerCreateBody {
            image: Some(PAUSE_IMAGE.to_owned()),
            entrypoint: Some(vec![PAUSE_PROGRAM.to_owned()]),
            labels: Some(labels::of_container(
                &self.settings.owner,
                labels::SANDBOX,
                &request.labels,
            )),
            host_config: Some(HostConfig {
                network_mode: Some(HOST_NETWORK.to_owned()),
                extra_hosts: Some(host_entries(request, workbench)),
                cap_drop: Some(vec!["ALL".to_owned()]),
                security_opt: Some(vec!["no-new-privileges".to_owned()]),
                readonly_rootfs: Some(true),
                log_config: self.no_log(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// A log that keeps nothing: there is nothing to keep.
    fn no_log(&self) -> Option<HostConfigLogConfig> {
        match self.engine.maker {
            Maker::Docker => Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                ..Default::default()
            }),
            Maker::Podman => None,
        }
    }
}

/// `NAME:ADDRESS` for each name that is to resolve inside.
fn host_entries(request: &SandboxRequest, workbench: &str) -> Vec<String> {
    let own = request
        .workbench_names
        .iter()
        .map(|name| format!("{name}:{workbench}"));
    let others = request.host_aliases.iter().flat_map(|alias| {
        let entry = |name: &String| format!("{name}:{}", alias.ip);
        alias.names.iter().map(entry)
    });
    own.chain(others).collect()
}

/// The name of a machine, where a text can be one; it is what `hostname` says inside, as a pod's name is.
pub(super) fn host_name(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let usable = name.len() <= HOST_NAME_BYTES
        && name.chars().all(plain)
        && !name.starts_with('-')
        && !name.ends_with('-');
    usable.then(|| name.to_owned())
}

/// Whether a sandbox is in the machine's own network.
pub(super) fn is_on_host(found: &ContainerInspectResponse) -> bool {
    let host_config = found.host_config.as_ref();
    let mode = host_config.and_then(|config| config.network_mode.as_deref());
    mode == Some(HOST_NETWORK)
}

pub(super) fn status(found: ContainerInspectResponse) -> SandboxStatus {
    let running = phase(&found) == Phase::Running;
    if is_on_host(&found) {
        return SandboxStatus {
            running,
            address: running.then_some(Ipv4Addr::LOCALHOST.into()),
            published: Vec::new(),
        };
    }
    let settings = found.network_settings.unwrap_or_default();
    let mut places: Vec<_> = settings.networks.into_iter().flatten().collect();
    // Where it is on two networks, its own is not the pipelines'.
    places.sort_by_key(|(name, _)| name == NETWORK);
    let address = places
        .into_iter()
        .find_map(|(_, place)| place.ip_address?.parse().ok());
    SandboxStatus {
        running,
        address: address.filter(|_| running),
        published: published(settings.ports.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_is_called_by_its_name_where_that_is_a_host_name() {
        assert_eq!(host_name("run-1"), Some("run-1".to_owned()));
        assert_eq!(host_name("run_1"), None);
        assert_eq!(host_name(&"a".repeat(64)), None);
    }
}
