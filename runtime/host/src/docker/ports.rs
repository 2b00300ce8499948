//! The ways from this machine into a sandbox: ports that are published, and connections to ports that need not be.
//!
//! On a Linux machine with its own engine, a sandbox's address can be dialled as it is. Where the engine runs in a
//! virtual machine its networks end there, and the one way in is a port that the engine publishes here; since a
//! published port costs a process and a detour, none is made where the address will do.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bollard::models::{PortBinding, PortMap};
use tokio::net::TcpStream;

use super::client::DockerEngine;
use super::error::{Fault, is_missing, message, refusal};
use super::network;
use crate::engine::{
    Connection, EngineError, Protocol, PublishedPort, SandboxName, SandboxRequest, SandboxStatus,
};

/// How long a port may take to answer. On one machine an answer takes microseconds; what takes longer drops what it
/// is sent, or has no room for more connections.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

impl DockerEngine {
    pub(super) async fn dial(
        &self,
        sandbox: &SandboxName,
        port: u16,
    ) -> Result<Box<dyn Connection>, EngineError> {
        let not_listening = |message: String| EngineError::NotListening {
            sandbox: sandbox.clone(),
            port,
            message,
        };
        let gone = || EngineError::NoSandbox {
            name: sandbox.clone(),
        };
        let (status, here) = self.standing(sandbox).await?.ok_or_else(gone)?;
        if !status.running {
            return Err(gone());
        }
        let address = way_in(&status, here, port).ok_or_else(|| {
            let message = "the engine runs in a virtual machine, and the sandbox was not opened for this port";
            not_listening(message.to_owned())
        })?;
        let connecting = TcpStream::connect(address);
        let connection = tokio::time::timeout(CONNECT_LIMIT, connecting)
            .await
            .unwrap_or(Err(io::ErrorKind::TimedOut.into()))
            .and_then(|connection| connection.set_nodelay(true).map(|()| connection))
            .map_err(|error| not_listening(error.to_string()))?;
        Ok(Box::new(connection))
    }

    /// A sandbox, and whether its address can be dialled from here.
    async fn standing(
        &self,
        sandbox: &SandboxName,
    ) -> Result<Option<(SandboxStatus, bool)>, EngineError> {
        let found = match self.look_at(&sandbox.0).await {
            Ok(found) => found,
            Err(fault) if is_missing(&fault) => return Ok(None),
            Err(fault) => return Err(refusal(format!("look at the sandbox `{sandbox}`"))(fault)),
        };
        if super::sandbox::is_on_host(&found) {
            return Ok(Some((super::sandbox::status(found), true)));
        }
        let settings = found.network_settings.as_ref();
        let networks = settings.and_then(|settings| settings.networks.as_ref());
        let gateways = networks.into_iter().flat_map(|networks| networks.values());
        let gateway = gateways
            .filter_map(|place| place.gateway.as_deref()?.parse().ok())
            .next();
        let here = network::reaches(self, gateway).await?;
        Ok(Some((super::sandbox::status(found), here)))
    }
}

/// What to dial for a port of a sandbox.
fn way_in(status: &SandboxStatus, here: bool, port: u16) -> Option<SocketAddr> {
    if let Some(address) = status.address.filter(|_| here) {
        return Some((address, port).into());
    }
    let bound = status
        .published
        .iter()
        .find(|bound| bound.container_port == port && bound.protocol == Protocol::Tcp)?;
    let address = bound.host_ip.filter(|address| !address.is_unspecified());
    let address = address.unwrap_or(Ipv4Addr::LOCALHOST.into());
    Some((address, bound.host_port?).into())
}

/// The ports that the engine is to publish for a sandbox. `here` says that its address can be dialled, so that nothing
/// needs to be published for connections of the workbench.
pub(super) fn ports(request: &SandboxRequest, here: bool) -> PortMap {
    let dialled = request.ports.iter().map(|port| PublishedPort {
        container_port: *port,
        host_ip: Some(Ipv4Addr::LOCALHOST.into()),
        host_port: None,
        protocol: Protocol::Tcp,
    });
    let mut ports = PortMap::new();
    let dialled = dialled.filter(|_| !here);
    for port in request.published.iter().cloned().chain(dialled) {
        let key = format!("{}/{}", port.container_port, word(port.protocol));
        let binding = PortBinding {
            host_ip: port.host_ip.map(|address| address.to_string()),
            host_port: Some(
                port.host_port
                    .map_or_else(String::new, |port| port.to_string()),
            ),
        };
        ports
            .entry(key)
            .or_default()
            .get_or_insert_default()
            .push(binding);
    }
    ports
}

/// The ports that the engine published.
pub(super) fn published(ports: PortMap) -> Vec<PublishedPort> {
    let read = |(key, bindings): (String, Option<Vec<PortBinding>>)| {
        let (container_port, protocol) = exposed(&key)?;
        let bindings = bindings.unwrap_or_default().into_iter();
        Some(bindings.map(move |binding| PublishedPort {
            container_port,
            host_ip: binding.host_ip.and_then(|address| address.parse().ok()),
            host_port: binding.host_port.and_then(|port| port.parse().ok()),
            protocol,
        }))
    };
    let mut published: Vec<PublishedPort> = ports.into_iter().filter_map(read).flatten().collect();
    published.sort_by_key(|port| {
        (
            port.container_port,
            port.protocol,
            port.host_ip,
            port.host_port,
        )
    });
    published
}

/// The port and protocol in `80/tcp`.
pub(super) fn exposed(key: &str) -> Option<(u16, Protocol)> {
    let (port, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
    let protocols = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
    let protocol = protocols
        .into_iter()
        .find(|known| word(*known) == protocol)?;
    Some((port.parse().ok()?, protocol))
}

fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    }
}

/// The port that a start failed for, when somebody else has it. Engines tell that by text alone.
pub(super) fn port_taken(request: &SandboxRequest, fault: &Fault) -> Option<EngineError> {
    const SIGNS: [&str; 3] = [
        "port is already allocated",
        "address already in use",
        "ports are not available",
    ];
    let message = message(fault);
    if !SIGNS.iter().any(|sign| message.contains(sign)) {
        return None;
    }
    let wanted = || request.published.iter().filter_map(|port| port.host_port);
    let port = wanted()
        .find(|port| names_port(&message, *port))
        .or(wanted().next())?;
    Some(EngineError::PortTaken { port, message })
}

/// Whether an address in a text ends with this port.
fn names_port(text: &str, port: u16) -> bool {
    let port = format!(":{port}");
    text.match_indices(&port)
        .any(|(at, _)| !text[at + port.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::IpAddr;

    use super::*;

    fn request() -> SandboxRequest {
        let port = |container_port, host_port| PublishedPort {
            container_port,
            host_ip: None,
            host_port,
            protocol: Protocol::Tcp,
        };
        SandboxRequest {
            ports: vec![8888],
            published: vec![port(80, Some(8080)), port(81, None), port(80, Some(80))],
            ..SandboxRequest::new(SandboxName("a".to_owned()))
        }
    }

    #[test]
    fn what_is_to_be_dialled_is_published_only_where_it_must_be() {
        let here = ports(&request(), true);
        assert_eq!(here.len(), 2);
        let there = ports(&request(), false);
        let binding = there["8888/tcp"].as_ref().unwrap();
        assert_eq!(binding[0].host_ip.as_deref(), Some("127.0.0.1"));
        assert_eq!(binding[0].host_port.as_deref(), Some(""));
        assert_eq!(there["80/tcp"].as_ref().unwrap().len(), 2);
    }

    #[test]
    fn a_port_is_dialled_inside_or_where_it_is_published() {
        let bound = |host_ip: &str, host_port: &str| PortBinding {
            host_ip: Some(host_ip.to_owned()),
            host_port: Some(host_port.to_owned()),
        };
        let ports = HashMap::from([
            ("80/tcp".to_owned(), Some(vec![bound("0.0.0.0", "32768")])),
            ("81/udp".to_owned(), Some(vec![bound("127.0.0.1", "32769")])),
            ("82/tcp".to_owned(), None),
        ]);
        let address: IpAddr = "172.18.0.2".parse().unwrap();
        let status = SandboxStatus {
            running: true,
            address: Some(address),
            published: published(ports),
        };
        assert_eq!(way_in(&status, true, 81), Some((address, 81).into()));
        assert_eq!(
            way_in(&status, false, 80),
            Some("127.0.0.1:32768".parse().unwrap())
        );
        assert_eq!(way_in(&status, false, 81), None);
        assert_eq!(way_in(&status, false, 82), None);
    }

    #[test]
    fn a_taken_port_is_named() {
        let taken = |message: &str| {
            let fault = Fault::DockerResponseServerError {
                status_code: 500,
                message: message.to_owned(),
            };
            match port_taken(&request(), &fault) {
                Some(EngineError::PortTaken { port, .. }) => Some(port),
                Some(_) | None => None,
            }
        };
        assert_eq!(
            taken("Bind for 0.0.0.0:80 failed: port is already allocated"),
            Some(80)
        );
        let userland =
            "Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use";
        assert_eq!(taken(userland), Some(8080));
        assert_eq!(taken("no space left on device"), None);
    }
}
