//! What kind of engine answered and what its machine is like.

use std::path::PathBuf;

use bollard::models::{SystemInfo, SystemVersion};

use super::client::DockerEngine;
use super::error::{ask, refusal};
use super::{forwarder, network};
use crate::engine::{EngineDescription, EngineError};
use coracle_model::EngineKind;

/// Whose engine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    Docker,
    /// Podman's service speaks Docker's API, with differences.
    Podman,
}

/// The engine as its `/version` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Engine {
    pub(super) maker: Maker,
    pub(super) version: String,
    /// The newest API that it speaks, such as `(1, 41)`.
    pub(super) api: (u32, u32),
    /// As Go names it: `amd64`, `arm64`.
    pub(super) architecture: String,
    /// Where it listens.
    pub(super) address: String,
}

impl Engine {
    pub(super) fn read(address: &str, version: SystemVersion) -> Self {
        let components = version.components.unwrap_or_default();
        let podman = components
            .iter()
            .any(|component| component.name.contains("Podman"));
        Self {
            maker: if podman { Maker::Podman } else { Maker::Docker },
            version: version
                .version
                .unwrap_or_else(|| "of unknown version".to_owned()),
            api: version
                .api_version
                .and_then(|text| parse_api(&text))
                .unwrap_or((1, 41)),
            architecture: version.arch.unwrap_or_default(),
            address: address.to_owned(),
        }
    }

    /// `Docker 28.1 at /var/run/docker.sock`.
    pub(super) fn summary(&self) -> String {
        let maker = match self.maker {
            Maker::Docker => "Docker",
            Maker::Podman => "Podman",
        };
        let address = self
            .address
            .strip_prefix("unix://")
            .unwrap_or(&self.address);
        format!("{maker} {} at {address}", self.version)
    }
}

fn parse_api(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The engine's machine as its `/info` tells it. Asked for once, and only when needed: it takes longer than any
/// other question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machine {
    /// Where the engine keeps its files, seen from the engine.
    pub(super) root_directory: PathBuf,
    /// The engine runs as an ordinary user, so what containers write belongs to that user already.
    pub(super) rootless: bool,
    /// The engine runs in a virtual machine that shares files with this one.
    pub(super) virtual_machine: bool,
    /// Files are labelled, and a container may touch only those labelled for it.
    pub(super) selinux: bool,
    /// Containers can be given NVIDIA GPUs.
    pub(super) gpus: bool,
}

impl Machine {
    pub(super) fn read(info: SystemInfo) -> Self {
        let options = info.security_options.unwrap_or_default();
        let has = |word: &str| options.iter().any(|option| option.contains(word));
        let system = info.operating_system.unwrap_or_default();
        let runtimes = info.runtimes.unwrap_or_default();
        let devices = info.discovered_devices.unwrap_or_default();
        let device_is_gpu =
            |id: &Option<String>| id.as_deref().is_some_and(|id| id.contains("gpu"));
        Self {
            root_directory: info.docker_root_dir.unwrap_or_default().into(),
            rootless: has("rootless"),
            virtual_machine: system.contains("Docker Desktop"),
            selinux: has("selinux"),
            gpus: runtimes.keys().any(|name| name.contains("nvidia"))
                || devices.iter().any(|device| device_is_gpu(&device.id)),
        }
    }
}

impl DockerEngine {
    pub(super) async fn machine(&self) -> Result<&Machine, EngineError> {
        self.machine
            .get_or_try_init(|| async {
                let info = ask(self.docker.info())
                    .await
                    .map_err(refusal("describe the engine"))?;
                Ok(Machine::read(info))
            })
            .await
    }

    pub(super) async fn tell_about(&self) -> Result<EngineDescription, EngineError> {
        ask(self.docker.ping()).await.map_err(refusal("answer"))?;
        let machine = self.machine().await?;
        let place = network::ensure(self).await?;
        Ok(EngineDescription {
            kind: EngineKind::Docker,
            summary: self.engine.summary(),
            isolates: true,
            // Podman passes over requests for devices.
            gpus: machine.gpus && self.engine.maker == Maker::Docker,
            workbench_address: place.workbench_address(),
            forwarder: forwarder::image(&self.engine.architecture).cloned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{Runtime, SystemVersionComponents};

    use super::*;

    #[test]
    fn podman_is_recognised_behind_dockers_api() {
        let component = |name: &str| SystemVersionComponents {
            name: name.to_owned(),
            ..Default::default()
        };
        let read = |name: &str| {
            let version = SystemVersion {
                components: Some(vec![component(name)]),
                version: Some("4.3.1".to_owned()),
                api_version: Some("1.41".to_owned()),
                ..Default::default()
            };
            Engine::read("unix:///run/podman/podman.sock", version)
        };
        assert_eq!(
            read("Podman Engine").summary(),
            "Podman 4.3.1 at /run/podman/podman.sock"
        );
        assert_eq!(read("Engine").maker, Maker::Docker);
        assert_eq!(read("Engine").api, (1, 41));
    }

    #[test]
    fn gpus_show_as_a_runtime() {
        let with = |name: &str| SystemInfo {
            runtimes: Some([(name.to_owned(), Runtime::default())].into()),
            security_options: Some(vec![
                "name=seccomp,profile=default".to_owned(),
                "name=rootless".to_owned(),
            ]),
            ..Default::default()
        };
        assert!(Machine::read(with("nvidia")).gpus);
        assert!(!Machine::read(with("runc")).gpus);
        assert!(Machine::read(with("runc")).rootless);
    }
}
