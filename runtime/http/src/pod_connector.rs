//! The way from the proxy to a port of a pod.

use std::io;

use async_trait::async_trait;
use coracle_app::{PodConnectError, Workbench};
use coracle_gateway::BoxIo;
use coracle_gateway::proxy::{Connector, Upstream};

/// A port of a pod.
pub(crate) struct PodConnector {
    upstream: Upstream,
    workbench: Workbench,
    namespace: String,
    pod: String,
    port: u16,
}

impl PodConnector {
    /// The way to a port of the pod of that uid: connections to another of its name are others.
    pub(crate) fn new(
        workbench: &Workbench,
        (namespace, pod, uid): (&str, &str, &str),
        port: u16,
    ) -> Self {
        Self {
            upstream: Upstream(format!("{uid}:{port}")),
            workbench: workbench.clone(),
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            port,
        }
    }
}

#[async_trait]
impl Connector for PodConnector {
    fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    async fn connect(&self) -> io::Result<BoxIo> {
        let connected = self
            .workbench
            .pod_connect(&self.namespace, &self.pod, self.port)
            .await;
        match connected {
            Ok(connection) => Ok(Box::new(connection)),
            Err(PodConnectError::Engine(error)) => Err(io::Error::other(error)),
            Err(error) => Err(io::Error::new(io::ErrorKind::NotConnected, error)),
        }
    }
}
