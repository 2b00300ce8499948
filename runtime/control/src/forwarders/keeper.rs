//! The keeper: which services there are, and what stands for each.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use coracle_apiserver::ApiServer;
use coracle_host::clock::Clock;
use coracle_host::{Engine, NetworkName, ObservedWorkload, SandboxName};
use coracle_model::ImageRef;
use coracle_objects::{ObjectExt as _, kind};
use coracle_plan::kind::service::{Forwarder, ServiceUid, forwarder};
use coracle_store::{Home, ObjectChange, StoredObject};
use tokio::sync::watch;

use super::routes_on_disk;
use super::worker::{Hands, IMAGE_LABEL, SERVICE_LABEL, Worker};
use crate::objects::resource_of;
use crate::supervisor::{Supervisor, TaskKind};

/// How long to wait before an engine that did not answer is asked again.
const ENGINE_PAUSE: Duration = Duration::from_secs(1);

/// What forwarders are kept with.
pub struct ForwarderSetting {
    /// The objects.
    pub api: ApiServer,
    /// What runs them.
    pub engine: Arc<dyn Engine>,
    /// The image that the engine runs them of.
    pub image: ImageRef,
    /// Where their routes are.
    pub home: Home,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where pods reach the workbench, which answers for some services itself.
    pub workbench: Option<SocketAddr>,
}

/// Keeps a forwarder for every service that needs one, until the shutdown.
pub fn keep_forwarders(setting: ForwarderSetting, supervisor: &Supervisor) {
    let keeper = Keeper {
        hands: Hands {
            api: setting.api,
            engine: setting.engine,
            clock: setting.clock,
            image: setting.image,
        },
        home: setting.home,
        workbench: setting.workbench,
        supervisor: supervisor.clone(),
        workers: BTreeMap::new(),
        version: 0,
    };
    supervisor.spawn(TaskKind::Timer, keeper.work());
}

/// A worker that was told to keep a forwarder.
struct Kept {
    namespace: String,
    wanted: watch::Sender<Option<Forwarder>>,
}

impl Kept {
    fn tell(&self, wanted: Option<Forwarder>) {
        self.wanted.send_if_modified(|stands| {
            let is_new = *stands != wanted;
            *stands = wanted;
            is_new
        });
    }
}

struct Keeper {
    hands: Hands,
    home: Home,
    workbench: Option<SocketAddr>,
    supervisor: Supervisor,
    workers: BTreeMap<ServiceUid, Kept>,
    /// The version up to which everything was looked at.
    version: u64,
}

impl Keeper {
    async fn work(mut self) {
        let mut clock = self.hands.api.objects().clock();
        self.discard_others().await;
        self.look_at_everything();
        loop {
            clock.borrow_and_update();
            match self.hands.api.objects().changes(self.version) {
                Ok((changes, version)) => {
                    self.version = version;
                    let namespaces: BTreeSet<&str> = changes.iter().filter_map(touched).collect();
                    for namespace in namespaces {
                        self.look_at(namespace);
                    }
                }
                Err(_) => self.look_at_everything(),
            }
            // The sender goes with the last of the objects, and this holds them.
            let _ = clock.changed().await;
        }
    }

    /// Removes what an earlier life left and nobody needs: forwarders of services that are gone, and of another version.
    async fn discard_others(&self) {
        let held = loop {
            match self.hands.engine.observe().await {
                Ok(held) => break held,
                Err(error) => {
                    tracing::warn!(%error, "services wait for the engine");
                    let clock = &self.hands.clock;
                    clock.sleep_until(clock.steady().after(ENGINE_PAUSE)).await;
                }
            }
        };
        let there: BTreeSet<ServiceUid> = self.all().map(|found| found.service).collect();
        let image = self.hands.image.to_string();
        for sandbox in held {
            let Some(service) = service_of(&sandbox) else {
                continue;
            };
            if there.contains(&service) && sandbox.labels.get(IMAGE_LABEL) == Some(&image) {
                continue;
            }
            let name = SandboxName(sandbox.name.0);
            if let Err(error) = self.hands.engine.close_sandbox(&name).await {
                tracing::warn!(%error, "what stood for a service stays for now");
            }
        }
        let home = self.home.clone();
        let swept = tokio::task::spawn_blocking(move || sweep(&home, &there)).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "routes of services that are gone were left behind");
        }
    }

    fn look_at_everything(&mut self) {
        self.version = self.hands.api.objects().version();
        let mut namespaces: BTreeSet<String> = self
            .workers
            .values()
            .map(|kept| kept.namespace.clone())
            .collect();
        namespaces.extend(self.all().map(|found| found.namespace));
        for namespace in namespaces {
            self.look_at(&namespace);
        }
    }

    /// Has workers hear of what is wanted in a namespace now.
    fn look_at(&mut self, namespace: &str) {
        // What is wanted and who is let go are told by the same services: one may go at any moment.
        let services = self.services(namespace);
        let wanted: BTreeMap<_, _> = self
            .wanted(namespace, &services)
            .into_iter()
            .map(|forwarder| (forwarder.service.clone(), forwarder))
            .collect();
        for (service, kept) in &self.workers {
            if kept.namespace == namespace {
                kept.tell(wanted.get(service).cloned());
            }
        }
        for (service, forwarder) in wanted {
            if !self.workers.contains_key(&service) {
                self.begin(service, forwarder);
            }
        }
        // A service that is there may yet want one again, and its worker is then the only one for it.
        self.workers.retain(|service, kept| {
            let is_this = |found: &Arc<StoredObject>| found.body.uid() == service.0;
            kept.namespace != namespace || services.iter().any(is_this)
        });
    }

    fn begin(&mut self, service: ServiceUid, forwarder: Forwarder) {
        let namespace = forwarder.namespace.clone();
        let worker = Worker {
            hands: self.hands.clone(),
            directory: self.home.service_dir(&service.0),
            network: NetworkName(namespace.clone()),
            service: service.clone(),
        };
        let (wanted, receiver) = watch::channel(Some(forwarder));
        self.workers.insert(service, Kept { namespace, wanted });
        self.supervisor
            .spawn(TaskKind::Timer, worker.work(receiver));
    }

    fn services(&self, namespace: &str) -> Vec<Arc<StoredObject>> {
        self.hands.api.all(kind::services(), Some(namespace))
    }

    /// What is wanted for the services of a namespace.
    fn wanted(&self, namespace: &str, services: &[Arc<StoredObject>]) -> Vec<Forwarder> {
        let pods = self.hands.api.all(kind::pods(), Some(namespace));
        let services = services.iter().map(|service| &service.body);
        services
            .filter_map(|service| {
                let pods = pods.iter().map(|pod| &pod.body);
                forwarder(service, pods, self.workbench)
            })
            .collect()
    }

    /// What is wanted in all namespaces.
    fn all(&self) -> impl Iterator<Item = Forwarder> {
        let services = self.hands.api.all(kind::services(), None);
        let namespaces: BTreeSet<String> = services
            .iter()
            .map(|service| service.key.namespace.clone())
            .collect();
        namespaces
            .into_iter()
            .flat_map(|namespace| self.wanted(&namespace, &self.services(&namespace)))
    }
}

/// The namespace whose services may lead elsewhere after a change.
fn touched(change: &ObjectChange) -> Option<&str> {
    let key = &change.object.key;
    let resource = resource_of(&key.resource)?;
    let leads = [kind::services(), kind::pods()];
    let leads = leads.into_iter().any(|kind| std::ptr::eq(kind, resource));
    leads.then_some(key.namespace.as_str())
}

/// The service of a forwarder; none of anything else.
fn service_of(sandbox: &ObservedWorkload) -> Option<ServiceUid> {
    sandbox.labels.get(SERVICE_LABEL).cloned().map(ServiceUid)
}

/// Removes the routes of services that are not there.
fn sweep(home: &Home, there: &BTreeSet<ServiceUid>) -> std::io::Result<()> {
    let entries = match fs_err::read_dir(home.services()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let service = ServiceUid(entry.file_name().to_string_lossy().into_owned());
        if !there.contains(&service) {
            routes_on_disk::remove(&entry.path())?;
        }
    }
    Ok(())
}
