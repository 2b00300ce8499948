//! Sandboxes, the networks that they stand on, and the ways into them.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

/// The name of a network: that of a Kubernetes namespace. Sandboxes find each other by alias on the same network only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NetworkName(pub String);

impl fmt::Display for NetworkName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The name of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SandboxName(pub String);

impl fmt::Display for SandboxName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A network place that workloads join: what Kubernetes' pause container is to a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxRequest {
    /// Its name.
    pub name: SandboxName,
    /// The network it stands on; the workbench's own when none is named.
    pub network: Option<NetworkName>,
    /// Whether it is the machine's own network instead: then its ports are the machine's, and none leads to it by a name.
    pub host_network: bool,
    /// The address that it is to have there. Where its network has none such, or none is named, the engine chooses.
    pub address: Option<IpAddr>,
    /// What runs in it by itself.
    pub program: SandboxProgram,
    /// What the machine is called inside; the sandbox's name where none is given.
    pub hostname: Option<String>,
    /// The names under which others on its network find it, with dots or without.
    pub aliases: Vec<String>,
    /// Extra names that resolve inside to the workbench's machine.
    pub workbench_names: Vec<String>,
    /// Other names that resolve inside.
    pub host_aliases: Vec<HostAlias>,
    /// The TCP ports that [`Engine::connect`](super::Engine::connect) will be asked for. Where they can be reached without, nothing is
    /// done for them.
    pub ports: Vec<u16>,
    /// The ports that the machine's own ports lead to.
    pub published: Vec<PublishedPort>,
    /// Labels to find it by.
    pub labels: BTreeMap<String, String>,
}

impl SandboxRequest {
    /// A sandbox on the workbench's own network that is asked for nothing more.
    pub fn new(name: SandboxName) -> Self {
        Self {
            name,
            network: None,
            host_network: false,
            address: None,
            program: SandboxProgram::Nothing,
            hostname: None,
            aliases: Vec::new(),
            workbench_names: Vec::new(),
            host_aliases: Vec::new(),
            ports: Vec::new(),
            published: Vec::new(),
            labels: BTreeMap::new(),
        }
    }
}

/// What runs in a sandbox by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SandboxProgram {
    /// Nothing: it waits for workloads.
    Nothing,
    /// What stands for a Service of Kubernetes: connections to its ports are passed on as a table says, whose changes it
    /// follows. It runs again by itself after a restart of the engine.
    Forwarder {
        /// The directory with the table, which is the file [`ROUTES`] and is replaced by a rename. Everybody may read it.
        directory: PathBuf,
    },
}

/// The file with the table of a forwarder.
pub const ROUTES: &str = "routes";

/// An address and the names that stand for it inside a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAlias {
    /// The address.
    pub ip: IpAddr,
    /// The names.
    pub names: Vec<String>,
}

/// A port of the machine that leads to one of a sandbox: Kubernetes' `hostPort`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPort {
    /// The port inside.
    pub container_port: u16,
    /// The address of the machine; all of them when none is named.
    pub host_ip: Option<IpAddr>,
    /// The port of the machine; one that is free when none is named.
    pub host_port: Option<u16>,
    /// The protocol.
    pub protocol: Protocol,
}

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// What opening a sandbox found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// There was none; it was made.
    Made,
    /// It runs, as before.
    Found,
    /// It was there and did not run. It runs again, maybe at another address, and workloads that joined it before have to
    /// be started anew.
    Restored,
}

/// A sandbox as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxStatus {
    /// Whether it runs, so that workloads can join it.
    pub running: bool,
    /// Its address on its network, as long as it runs: a pod's IP. Others on the network reach it there.
    pub address: Option<IpAddr>,
    /// The published ports, with the machine's ports that were chosen for them.
    pub published: Vec<PublishedPort>,
}

/// A stream of bytes both ways.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}
