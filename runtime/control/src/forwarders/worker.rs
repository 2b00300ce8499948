//! The worker of one service: has its forwarder be as is wanted, until none is.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use coracle_apiserver::{ApiServer, Place};
use coracle_host::clock::Clock;
use coracle_host::{Engine, NetworkName, SandboxName, SandboxProgram, SandboxRequest, off_runtime};
use coracle_model::ImageRef;
use coracle_objects::kind;
use coracle_plan::kind::service::{Forwarder, ServiceUid};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::routes_on_disk;
use crate::network;

/// The label of a forwarder with its service's uid.
pub(crate) const SERVICE_LABEL: &str = "coracle.service";

/// The label of a forwarder with the image that it is of.
pub(super) const IMAGE_LABEL: &str = "coracle.service.forwarder";

/// How long to wait before what could not be done is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a forwarder that is of no use yet may let the pods of its service begin first: an engine starts one container after
/// another.
const FIRST_PODS: Duration = Duration::from_secs(2);

/// What workers work with.
#[derive(Clone)]
pub(super) struct Hands {
    pub(super) api: ApiServer,
    pub(super) engine: Arc<dyn Engine>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) image: ImageRef,
}

/// The worker of a service.
pub(super) struct Worker {
    pub(super) hands: Hands,
    pub(super) service: ServiceUid,
    /// The directory that its forwarder sees.
    pub(super) directory: PathBuf,
    pub(super) network: NetworkName,
}

/// The name of a service's forwarder.
pub(super) fn sandbox_name(service: &ServiceUid) -> SandboxName {
    SandboxName(format!("coracle-svc-{service}"))
}

impl Worker {
    /// Works until the keeper has let it go, and has then done what was wanted last.
    pub(super) async fn work(self, mut wanted: watch::Receiver<Option<Forwarder>>) {
        let mut complaint = String::new();
        self.let_pods_begin(&mut wanted).await;
        loop {
            let forwarder = wanted.borrow_and_update().clone();
            let done = match &forwarder {
                Some(forwarder) => self.stand(forwarder).await,
                None => self.remove().await,
            };
            match done {
                Ok(()) => {
                    complaint.clear();
                    if wanted.changed().await.is_err() {
                        return;
                    }
                }
                Err(reason) => {
                    if reason != complaint {
                        tracing::warn!(service = %self.service, reason, "a service does not answer as it should");
                    }
                    complaint = reason;
                    let clock = &self.hands.clock;
                    // Both only wait.
                    tokio::select! {
                        Ok(()) = wanted.changed() => {}
                        () = clock.sleep_until(clock.steady().after(PAUSE)) => {}
                    }
                }
            }
        }
    }

    /// Waits until the forwarder is of use or not wanted any more, for a while.
    async fn let_pods_begin(&self, wanted: &mut watch::Receiver<Option<Forwarder>>) {
        let clock = &self.hands.clock;
        let is_time = |wanted: &Option<Forwarder>| {
            wanted.as_ref().is_none_or(|forwarder| forwarder.is_of_use)
        };
        // Both only wait.
        tokio::select! {
            _ = wanted.wait_for(is_time) => {}
            () = clock.sleep_until(clock.steady().after(FIRST_PODS)) => {}
        }
    }

    /// Writes the routes and has a forwarder run that follows them.
    async fn stand(&self, forwarder: &Forwarder) -> Result<(), String> {
        let (directory, routes) = (self.directory.clone(), forwarder.routes.clone());
        let written = off_runtime(move || routes_on_disk::write(&directory, &routes)).await;
        written.map_err(|error| error.to_string())?;
        let engine = &self.hands.engine;
        let request = self.request(forwarder);
        let opened = async {
            engine.open_sandbox(&request).await?;
            engine.sandbox(&request.name).await
        };
        let status = opened.await.map_err(|error| error.to_string())?;
        let address = status
            .and_then(|status| status.address)
            .ok_or("its forwarder has ended")?;
        if forwarder.address == Some(address) {
            return Ok(());
        }
        self.tell_address(forwarder, address).await
    }

    fn request(&self, forwarder: &Forwarder) -> SandboxRequest {
        let labels = [
            (SERVICE_LABEL, self.service.to_string()),
            (IMAGE_LABEL, self.hands.image.to_string()),
        ];
        SandboxRequest {
            network: Some(self.network.clone()),
            address: forwarder.address,
            program: SandboxProgram::Forwarder {
                directory: self.directory.clone(),
            },
            hostname: Some(forwarder.name.clone()),
            aliases: forwarder.names.clone(),
            labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
            ..SandboxRequest::new(sandbox_name(&self.service))
        }
    }

    /// Writes down the address that the engine chose, where it could not be the service's.
    async fn tell_address(&self, forwarder: &Forwarder, address: IpAddr) -> Result<(), String> {
        let (api, uid) = (self.hands.api.clone(), self.service.to_string());
        let (namespace, name) = (forwarder.namespace.clone(), forwarder.name.clone());
        let told = off_runtime(move || {
            let place = Place::of(kind::services(), &namespace, &name);
            api.amend(&place, &uid, |service| {
                if let Some(spec) = service.get_mut("spec").and_then(Value::as_object_mut) {
                    spec.insert("clusterIP".to_owned(), address.to_string().into());
                    spec.insert("clusterIPs".to_owned(), json!([address.to_string()]));
                }
            })
            .map(drop)
            .map_err(io::Error::other)
        });
        told.await.map_err(|error| error.to_string())
    }

    /// Removes the forwarder and what it saw, and the network where it was the last on it.
    async fn remove(&self) -> Result<(), String> {
        let engine = &self.hands.engine;
        let closed = engine.close_sandbox(&sandbox_name(&self.service)).await;
        closed.map_err(|error| error.to_string())?;
        let directory = self.directory.clone();
        let removed = off_runtime(move || routes_on_disk::remove(&directory)).await;
        removed.map_err(|error| error.to_string())?;
        network::leave(&self.hands.api, engine.as_ref(), &self.network).await;
        Ok(())
    }
}
