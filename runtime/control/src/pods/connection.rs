//! Ways to a pod's ports, for probes and hooks.

use std::net::IpAddr;

use coracle_host::{Connection, EngineError};
use coracle_spec::kind::pod::Port;
use tokio::net::TcpStream;

use super::hands::Hands;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    /// The host as a message shows it.
    pub(super) shown_host: String,
    pub(super) port: u16,
    /// Whether it is the pod itself, which the engine leads to.
    is_pod: bool,
}

impl Destination {
    /// # Errors
    /// When the port is a name that the container does not give.
    pub(super) fn of(host: &str, port: &Port, pod_ip: Option<IpAddr>) -> Result<Self, String> {
        let port = match port {
            Port::Number(number) => *number,
            Port::Name(name) => return Err(format!("couldn't find port: {name}")),
        };
        let pod = pod_ip.map(|ip| ip.to_string()).unwrap_or_default();
        Ok(Self {
            is_pod: host.is_empty() || host == pod,
            shown_host: if host.is_empty() {
                pod
            } else {
                host.to_owned()
            },
            port,
        })
    }
}

impl Hands {
    /// A connection.
    ///
    /// # Errors
    /// As a kubelet tells it: `dial tcp 10.1.0.2:80: connect: connection refused`.
    pub(super) async fn connect(
        &self,
        destination: &Destination,
    ) -> Result<Box<dyn Connection>, String> {
        let Destination {
            shown_host,
            port,
            is_pod,
        } = destination;
        let refused = |why: &str| format!("dial tcp {shown_host}:{port}: connect: {why}");
        if !is_pod {
            let stream = TcpStream::connect((shown_host.as_str(), *port)).await;
            return match stream {
                Ok(stream) => Ok(Box::new(stream)),
                Err(error) => Err(refused(&error.to_string())),
            };
        }
        match self.engine.connect(&self.sandbox(), *port).await {
            Ok(connection) => Ok(connection),
            Err(EngineError::NotListening { .. }) => Err(refused("connection refused")),
            Err(error) => Err(refused(&error.to_string())),
        }
    }
}
