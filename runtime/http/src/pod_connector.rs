//! The way through the proxy to a port of a pod.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use coracle_app::{PodConnectError, Workbench};
use coracle_gateway::BoxIo;
use coracle_gateway::proxy::{
    Connector, Host, PathRewrite, Peer, Proxy, Route, Scheme, Spawn, Upstream,
};

/// How long a container may take to take a connection: it is on this machine.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A proxy whose connections go on as long as the workbench does.
pub(crate) fn proxy(workbench: &Workbench) -> Proxy {
    Proxy::new(spawn(workbench))
}

/// Has something go on until the workbench shuts down.
pub(crate) fn spawn(workbench: &Workbench) -> Spawn {
    let workbench = workbench.clone();
    Arc::new(move |task| workbench.go_on(task))
}

/// How requests are passed on to pods.
pub(crate) fn route(path: PathRewrite, set_headers: HeaderMap) -> Route {
    Route {
        path,
        set_headers,
        host: Host::Keep,
        peer: Peer {
            address: None,
            scheme: Scheme::Http,
        },
        connect_limit: CONNECT_LIMIT,
    }
}

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
