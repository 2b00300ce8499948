//! Sandboxes: containers that hold a network namespace which workloads join.

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, HostConfigLogConfig, NetworkingConfig,
};
use bollard::query_parameters::{CreateContainerOptionsBuilder, StartContainerOptions};

use super::about::Maker;
use super::client::DockerEngine;
use super::error::{ask, is_conflict, is_missing_image, refusal};
use super::labels;
use super::network::{self, NETWORK, Network};
use super::pause::{self, PAUSE_IMAGE, PAUSE_PROGRAM};
use super::workload::Running;
use crate::engine::{EngineError, SandboxName, SandboxRequest};

/// The longest name that a machine may have.
const HOST_NAME_BYTES: usize = 63;

impl DockerEngine {
    pub(super) async fn open(&self, request: &SandboxRequest) -> Result<(), EngineError> {
        let name = request.name.0.as_str();
        let network = network::ensure(self).await?;
        let body = self.sandbox_body(request, &network);
        let mut created = self.create(name, body.clone()).await;
        if created.as_ref().is_err_and(is_missing_image) {
            pause::ensure(self).await?;
            created = self.create(name, body.clone()).await;
        }
        match created {
            Ok(()) => {}
            Err(fault) if is_conflict(&fault) => {
                self.check_ours(name).await?;
            }
            Err(fault) => return Err(refusal(format!("make the sandbox `{name}`"))(fault)),
        }
        // Also right for one that ran before the engine was restarted.
        let started = ask(self
            .docker
            .start_container(name, None::<StartContainerOptions>))
        .await;
        let Err(fault) = started else { return Ok(()) };
        // A sandbox may be left whose network is gone; it holds nothing, so a new one is as good.
        self.close(&request.name).await?;
        let action = format!(
            "start the sandbox `{name}` ({})",
            super::error::message(&fault)
        );
        self.create(name, body)
            .await
            .map_err(refusal(action.as_str()))?;
        ask(self
            .docker
            .start_container(name, None::<StartContainerOptions>))
        .await
        .map_err(refusal(action))
    }

    pub(super) async fn close(&self, name: &SandboxName) -> Result<(), EngineError> {
        self.take_away(&name.0, Running::IsEnded)
            .await
            .map_err(refusal(format!("remove the sandbox `{}`", name.0)))
    }

    /// Creates a container by name.
    pub(super) async fn create(
        &self,
        name: &str,
        body: ContainerCreateBody,
    ) -> Result<(), super::error::Fault> {
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        ask(self.docker.create_container(Some(options), body))
            .await
            .map(|_| ())
    }

    fn sandbox_body(&self, request: &SandboxRequest, network: &Network) -> ContainerCreateBody {
        let place = EndpointSettings {
            aliases: Some(request.aliases.clone()),
            ..Default::default()
        };
        let host = network.workbench_host();
        let names = request
            .workbench_names
            .iter()
            .map(|name| format!("{name}:{host}"))
            .collect();
        ContainerCreateBody {
            image: Some(PAUSE_IMAGE.to_owned()),
            entrypoint: Some(vec![PAUSE_PROGRAM.to_owned()]),
            hostname: host_name(&request.name.0),
            labels: Some(labels::of_container(
                &self.settings.owner,
                labels::SANDBOX,
                &request.labels,
            )),
            host_config: Some(HostConfig {
                network_mode: Some(NETWORK.to_owned()),
                extra_hosts: Some(names),
                cap_drop: Some(vec!["ALL".to_owned()]),
                security_opt: Some(vec!["no-new-privileges".to_owned()]),
                readonly_rootfs: Some(true),
                log_config: self.no_log(),
                ..Default::default()
            }),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some([(NETWORK.to_owned(), place)].into()),
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

/// The sandbox's name, where it can be a machine's; it is what `hostname` says inside, as a pod's name is.
pub(super) fn host_name(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let usable = name.len() <= HOST_NAME_BYTES
        && name.chars().all(plain)
        && !name.starts_with('-')
        && !name.ends_with('-');
    usable.then(|| name.to_owned())
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
