//! Sandboxes that a script plays.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};

use tokio::io::DuplexStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::engine::{
    Connection, EngineError, NetworkName, Opening, SandboxName, SandboxRequest, SandboxStatus,
};

/// What a connection holds that nobody reads from.
const CONNECTION_BYTES: usize = 64 * 1024;

/// The first address, before the first sandbox.
const NETWORK: u32 = u32::from_be_bytes([10, 0, 0, 0]);

/// The first port that is chosen where none is named.
const FIRST_FREE_PORT: u16 = 32_768;

/// Whether a sandbox can be given an address by name: one of `10.0.0.0/8`.
fn is_given(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.octets()[0] == NETWORK.to_be_bytes()[0])
}

/// The sandboxes, and who listens in them.
#[derive(Debug, Default)]
pub(super) struct Pods {
    open: BTreeMap<SandboxName, Pod>,
    networks: BTreeSet<NetworkName>,
    /// How many addresses were given.
    given: u32,
    taken: BTreeSet<u16>,
    /// Unbounded: a test reads what it asked for.
    listeners: HashMap<(SandboxName, u16), UnboundedSender<DuplexStream>>,
}

#[derive(Debug)]
struct Pod {
    request: SandboxRequest,
    /// None while it does not run.
    address: Option<IpAddr>,
}

impl Pods {
    pub(super) fn names(&self) -> BTreeSet<SandboxName> {
        self.open.keys().cloned().collect()
    }

    pub(super) fn request(&self, name: &SandboxName) -> Option<SandboxRequest> {
        self.open.get(name).map(|pod| pod.request.clone())
    }

    pub(super) fn open(&mut self, request: &SandboxRequest) -> Result<Opening, EngineError> {
        let opening = match self.open.get(&request.name) {
            Some(pod) if pod.address.is_some() => return Ok(Opening::Found),
            Some(_) => Opening::Restored,
            None => Opening::Made,
        };
        let mut wanted = request.published.iter().filter_map(|port| port.host_port);
        if let Some(port) = wanted.find(|port| self.is_taken(&request.name, *port)) {
            self.open.remove(&request.name);
            return Err(EngineError::PortTaken {
                port,
                message: "the script has given it away".to_owned(),
            });
        }
        self.given += 1;
        let chosen = match request.host_network {
            true => Ipv4Addr::LOCALHOST,
            false => Ipv4Addr::from(NETWORK + self.given),
        };
        let pod = Pod {
            request: request.clone(),
            address: request.address.filter(is_given).or(Some(chosen.into())),
        };
        self.open.insert(request.name.clone(), pod);
        self.networks.extend(request.network.clone());
        Ok(opening)
    }

    pub(super) fn status(&self, name: &SandboxName) -> Option<SandboxStatus> {
        let pod = self.open.get(name)?;
        let mut published = pod.request.published.clone();
        for (port, free) in published.iter_mut().zip(FIRST_FREE_PORT..) {
            port.host_port = port.host_port.or(Some(free));
        }
        Some(SandboxStatus {
            running: pod.address.is_some(),
            address: pod.address,
            published,
        })
    }

    pub(super) fn close(&mut self, name: &SandboxName) {
        self.open.remove(name);
    }

    pub(super) fn networks(&self) -> Vec<NetworkName> {
        self.networks.iter().cloned().collect()
    }

    pub(super) fn close_network(&mut self, name: &NetworkName) -> Result<(), EngineError> {
        let on_it = |pod: &&Pod| pod.request.network.as_ref() == Some(name);
        match self.open.values().find(on_it) {
            None => {
                self.networks.remove(name);
                Ok(())
            }
            Some(pod) => Err(EngineError::Refused {
                action: format!("remove the network of `{name}`"),
                message: format!("`{}` is on it", pod.request.name),
            }),
        }
    }

    pub(super) fn connect(
        &mut self,
        sandbox: &SandboxName,
        port: u16,
    ) -> Result<Box<dyn Connection>, EngineError> {
        let runs = self
            .open
            .get(sandbox)
            .is_some_and(|pod| pod.address.is_some());
        if !runs {
            return Err(EngineError::NoSandbox {
                name: sandbox.clone(),
            });
        }
        let (near, far) = tokio::io::duplex(CONNECTION_BYTES);
        let listener = self.listeners.get(&(sandbox.clone(), port));
        match listener.map(|listener| listener.send(far)) {
            Some(Ok(())) => Ok(Box::new(near)),
            Some(Err(_)) | None => Err(EngineError::NotListening {
                sandbox: sandbox.clone(),
                port,
                message: "the script has nobody there".to_owned(),
            }),
        }
    }

    pub(super) fn listen(
        &mut self,
        sandbox: &SandboxName,
        port: u16,
    ) -> UnboundedReceiver<DuplexStream> {
        let (sender, receiver) = unbounded_channel();
        self.listeners.insert((sandbox.clone(), port), sender);
        receiver
    }

    pub(super) fn halt(&mut self, name: &SandboxName) {
        if let Some(pod) = self.open.get_mut(name) {
            pod.address = None;
        }
    }

    pub(super) fn take_port(&mut self, port: u16) {
        self.taken.insert(port);
    }

    fn is_taken(&self, by: &SandboxName, port: u16) -> bool {
        let others = self
            .open
            .iter()
            .filter(|(name, pod)| *name != by && pod.address.is_some());
        let mut published = others.flat_map(|(_, pod)| &pod.request.published);
        self.taken.contains(&port) || published.any(|other| other.host_port == Some(port))
    }
}
