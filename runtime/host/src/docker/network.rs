//! The networks that sandboxes stand on, so that they find each other by name: one for all pipelines, and one for each
//! namespace of pods, so that a name means something in its namespace only.

use std::collections::HashMap;
use std::net::{IpAddr, TcpListener};

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest, NetworkInspect};
use bollard::query_parameters::ListNetworksOptionsBuilder;
use coracle_model::NamespaceRange;
use sha2::{Digest, Sha256};

use super::about::Maker;
use super::client::DockerEngine;
use super::error::{Fault, ask, is_conflict, is_missing, refusal};
use super::host_routes::leads_elsewhere;
use super::labels;
use crate::engine::{EngineError, NetworkName};

/// The name of the pipelines' network on the engine.
pub(super) const NETWORK: &str = "coracle";

/// Its interface on the engine's machine.
const BRIDGE: &str = "coracle0";

/// How many letters of a namespace show in the name of its network.
const SHOWN_LETTERS: usize = 63;

/// A network as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    name: String,
    /// Its interface on the engine's machine, of at most 15 letters.
    bridge: String,
    labels: HashMap<String, String>,
    /// The addresses that it is to have; those that the engine chooses where there are none.
    range: Option<NamespaceRange>,
}

impl Plan {
    /// The network of pipelines, which all workbenches of the machine share.
    fn of_pipelines() -> Self {
        Self {
            name: NETWORK.to_owned(),
            bridge: BRIDGE.to_owned(),
            labels: HashMap::new(),
            range: None,
        }
    }

    /// The network of a namespace: workbenches may have namespaces of the same name, so each has networks of its own.
    fn of_namespace(owner: &str, namespace: &NetworkName) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let shown: String = namespace.0.chars().take(SHOWN_LETTERS).map(plain).collect();
        let digest = Sha256::new()
            .chain_update(owner)
            .chain_update([0])
            .chain_update(&namespace.0)
            .finalize();
        let key = hex::encode(&digest[..6]);
        let labels = [
            (labels::OWNER, owner.to_owned()),
            (labels::NAMESPACE, namespace.0.clone()),
        ];
        Self {
            name: format!("coracle-ns-{shown}-{key}"),
            bridge: format!("cr-{key}"),
            labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
            range: Some(NamespaceRange::of(owner, &namespace.0)),
        }
    }

    /// What is asked for; `range` are the addresses, where they are not left to the engine.
    fn request(&self, maker: Maker, range: Option<NamespaceRange>) -> NetworkCreateRequest {
        // Engines before API 1.44 make a second network of the same name when asked twice at the same time, and
        // then neither can be used by name. Two bridges of the same name they refuse.
        let bridge = (
            "com.docker.network.bridge.name".to_owned(),
            self.bridge.clone(),
        );
        NetworkCreateRequest {
            name: self.name.clone(),
            driver: Some("bridge".to_owned()),
            labels: Some(self.labels.clone()),
            ipam: range.map(|range| Ipam {
                config: Some(vec![IpamConfig {
                    subnet: Some(range.subnet()),
                    // What is given out without being asked for is never what a Service is to have.
                    ip_range: Some(range.pods()),
                    ..Default::default()
                }]),
                ..Default::default()
            }),
            options: match maker {
                Maker::Docker => Some([bridge].into()),
                Maker::Podman => None,
            },
            ..Default::default()
        }
    }
}

/// A network as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Network {
    /// Its name on the engine.
    pub(super) name: String,
    /// The address of the network's bridge, which is an address of the engine's machine.
    gateway: Option<IpAddr>,
    /// Whether that is this machine.
    pub(super) here: bool,
    /// Its addresses, where they are those that it was to have.
    range: Option<NamespaceRange>,
}

impl Network {
    async fn read(
        engine: &DockerEngine,
        plan: &Plan,
        found: NetworkInspect,
    ) -> Result<Self, EngineError> {
        let ranges = found.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let has = |wanted: &NamespaceRange| {
            let mut subnets = ranges.iter().flat_map(|range| &range.subnet);
            subnets.any(|subnet| *subnet == wanted.subnet())
        };
        let range = plan.range.filter(has);
        let gateway = ranges
            .into_iter()
            .find_map(|range| range.gateway?.parse().ok());
        Ok(Self {
            name: plan.name.clone(),
            gateway,
            here: reaches(engine, gateway).await?,
            range,
        })
    }

    /// The address under which containers reach this machine; none when the engine runs on another one, such as
    /// a virtual machine, whose bridge is not ours to listen on.
    pub(super) fn workbench_address(&self) -> Option<IpAddr> {
        self.gateway.filter(|_| self.here)
    }

    /// Whether a sandbox on it can be given this address by name.
    pub(super) fn gives(&self, address: IpAddr) -> bool {
        match (self.range, address) {
            (Some(range), IpAddr::V4(address)) => range.contains(address),
            (Some(_), IpAddr::V6(_)) | (None, _) => false,
        }
    }

    /// What the workbench's names stand for inside: the address above, or whatever the engine knows this machine
    /// by.
    pub(super) fn workbench_host(&self) -> String {
        self.workbench_address()
            .map_or_else(|| "host-gateway".to_owned(), |address| address.to_string())
    }
}

/// Whether the network with this gateway is one of this machine.
pub(super) async fn reaches(
    engine: &DockerEngine,
    gateway: Option<IpAddr>,
) -> Result<bool, EngineError> {
    Ok(match (gateway, engine.engine.maker) {
        (None, _) => false,
        // A rootless engine's networks end where it ends, and another engine may have the same address here.
        (Some(address), Maker::Docker) => is_ours(address) && !engine.machine().await?.rootless,
        // Its bridge is there only while a container is, so asking for the address would tell nothing.
        (Some(_), Maker::Podman) => {
            cfg!(target_os = "linux")
                && engine.engine.address.starts_with("unix://")
                && !engine.machine().await?.rootless
        }
    })
}

/// Only an address of this machine can be listened on.
fn is_ours(address: IpAddr) -> bool {
    TcpListener::bind((address, 0)).is_ok()
}

/// The network of pipelines, made when it is not there. The workbench listens on its address for containers of all
/// networks.
pub(super) async fn ensure(engine: &DockerEngine) -> Result<Network, EngineError> {
    ensure_as(engine, &Plan::of_pipelines()).await
}

/// The network of a namespace, made when it is not there.
pub(super) async fn ensure_namespace(
    engine: &DockerEngine,
    namespace: &NetworkName,
) -> Result<Network, EngineError> {
    ensure_as(
        engine,
        &Plan::of_namespace(&engine.settings.owner, namespace),
    )
    .await
}

async fn ensure_as(engine: &DockerEngine, plan: &Plan) -> Result<Network, EngineError> {
    let name = &plan.name;
    if let Some(network) = find(engine, plan).await? {
        return Ok(network);
    }
    let made = make(engine, plan).await;
    // Whoever lost a race to make it finds the winner's.
    match (find(engine, plan).await?, made) {
        (Some(network), _) => Ok(network),
        (None, Err(fault)) => Err(refusal(format!("make the network `{name}`"))(fault)),
        (None, Ok(())) => Err(EngineError::Refused {
            action: format!("make the network `{name}`"),
            message: "it was made and is gone again".to_owned(),
        }),
    }
}

/// Makes a network with its own addresses; where somebody has those already, with others, of which the engine chooses
/// some that clash with none that it knows.
async fn make(engine: &DockerEngine, plan: &Plan) -> Result<(), Fault> {
    let create = async |range| {
        let request = plan.request(engine.engine.maker, range);
        ask(engine.docker.create_network(request)).await.map(drop)
    };
    let range = plan.range.filter(|range| !leads_elsewhere(*range));
    match create(range).await {
        Err(fault) if range.is_some() && !is_conflict(&fault) => create(None).await,
        made => made,
    }
}

async fn find(engine: &DockerEngine, plan: &Plan) -> Result<Option<Network>, EngineError> {
    let name = &plan.name;
    match ask(engine.docker.inspect_network(name, None)).await {
        Ok(found) => Network::read(engine, plan, found).await.map(Some),
        Err(fault) if is_missing(&fault) => Ok(None),
        Err(fault) => Err(refusal(format!("look at the network `{name}`"))(fault)),
    }
}

impl DockerEngine {
    pub(super) async fn drop_network(&self, namespace: &NetworkName) -> Result<(), EngineError> {
        let name = Plan::of_namespace(&self.settings.owner, namespace).name;
        match ask(self.docker.remove_network(&name)).await {
            Ok(()) => Ok(()),
            Err(fault) if is_missing(&fault) => Ok(()),
            Err(fault) => Err(refusal(format!("remove the network of `{namespace}`"))(
                fault,
            )),
        }
    }

    pub(super) async fn list_networks(&self) -> Result<Vec<NetworkName>, EngineError> {
        let filters = labels::filter(labels::OWNER, &self.settings.owner);
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let found = ask(self.docker.list_networks(Some(options)))
            .await
            .map_err(refusal("list networks"))?;
        let namespace = |labels: HashMap<String, String>| labels.get(labels::NAMESPACE).cloned();
        Ok(found
            .into_iter()
            .filter_map(|network| namespace(network.labels?))
            .map(NetworkName)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_names_that_every_system_takes() {
        let plan =
            |owner, namespace: &str| Plan::of_namespace(owner, &NetworkName(namespace.to_owned()));
        let odd = plan("a", &"team/é".repeat(40));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(
            odd.name.len() < 128 && odd.name.chars().all(plain),
            "{odd:?}"
        );
        // A name of a network interface ends after 15 bytes.
        assert_eq!(odd.bridge.len(), 15);
        let team = plan("a", "team");
        assert!(team.name.starts_with("coracle-ns-team-"), "{team:?}");
        assert_eq!(team, plan("a", "team"));
        assert_ne!(team.name, plan("b", "team").name);
        assert_ne!(plan("a", "x/y").name, plan("a", "x-y").name);
        assert_ne!(plan("a", "x/y").bridge, plan("a", "x-y").bridge);
    }
}
