//! The one network that all sandboxes of the workbench stand on, so that they find each other by name.

use std::net::{IpAddr, TcpListener};

use bollard::models::{NetworkCreateRequest, NetworkInspect};

use super::about::Maker;
use super::client::DockerEngine;
use super::error::{ask, is_missing, refusal};
use crate::engine::EngineError;

/// The network's name on the engine.
pub(super) const NETWORK: &str = "coracle";

/// The network's interface on the engine's machine.
const BRIDGE: &str = "coracle0";

/// The network as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Network {
    /// The address of the network's bridge, which is an address of the engine's machine.
    gateway: Option<IpAddr>,
    /// Whether that is this machine.
    here: bool,
}

impl Network {
    async fn read(engine: &DockerEngine, found: NetworkInspect) -> Result<Self, EngineError> {
        let ranges = found.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let gateway = ranges
            .into_iter()
            .find_map(|range| range.gateway?.parse().ok());
        let here = match (gateway, engine.engine.maker) {
            (None, _) => false,
            (Some(address), Maker::Docker) => is_ours(address),
            // Its bridge is there only while a container is, so asking for the address would tell nothing.
            (Some(_), Maker::Podman) => {
                cfg!(target_os = "linux")
                    && engine.engine.address.starts_with("unix://")
                    && !engine.machine().await?.rootless
            }
        };
        Ok(Self { gateway, here })
    }

    /// The address under which containers reach this machine; none when the engine runs on another one, such as
    /// a virtual machine, whose bridge is not ours to listen on.
    pub(super) fn workbench_address(&self) -> Option<IpAddr> {
        self.gateway.filter(|_| self.here)
    }

    /// What the workbench's names stand for inside: the address above, or whatever the engine knows this machine
    /// by.
    pub(super) fn workbench_host(&self) -> String {
        self.workbench_address()
            .map_or_else(|| "host-gateway".to_owned(), |address| address.to_string())
    }
}

/// Only an address of this machine can be listened on.
fn is_ours(address: IpAddr) -> bool {
    TcpListener::bind((address, 0)).is_ok()
}

/// The network, made when it is not there. Docker chooses a range that clashes with none that it knows.
pub(super) async fn ensure(engine: &DockerEngine) -> Result<Network, EngineError> {
    if let Some(network) = find(engine).await? {
        return Ok(network);
    }
    let made = ask(engine.docker.create_network(request(engine.engine.maker))).await;
    // Whoever lost a race to make it finds the winner's.
    match (find(engine).await?, made) {
        (Some(network), _) => Ok(network),
        (None, Err(fault)) => Err(refusal(format!("make the network `{NETWORK}`"))(fault)),
        (None, Ok(_)) => Err(EngineError::Refused {
            action: format!("make the network `{NETWORK}`"),
            message: "it was made and is gone again".to_owned(),
        }),
    }
}

fn request(maker: Maker) -> NetworkCreateRequest {
    // Engines before API 1.44 make a second network of the same name when asked twice at the same time, and
    // then neither can be used by name. Two bridges of the same name they refuse.
    let bridge = (
        "com.docker.network.bridge.name".to_owned(),
        BRIDGE.to_owned(),
    );
    NetworkCreateRequest {
        name: NETWORK.to_owned(),
        driver: Some("bridge".to_owned()),
        options: match maker {
            Maker::Docker => Some([bridge].into()),
            Maker::Podman => None,
        },
        ..Default::default()
    }
}

async fn find(engine: &DockerEngine) -> Result<Option<Network>, EngineError> {
    match ask(engine.docker.inspect_network(NETWORK, None)).await {
        Ok(found) => Network::read(engine, found).await.map(Some),
        Err(fault) if is_missing(&fault) => Ok(None),
        Err(fault) => Err(refusal(format!("look at the network `{NETWORK}`"))(fault)),
    }
}
