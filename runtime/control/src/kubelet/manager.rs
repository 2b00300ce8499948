//! The manager: which pods there are, and who looks after each.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use coracle_apiserver::ApiServer;
use coracle_host::{NetworkName, SandboxName};
use coracle_objects::{Object, ObjectExt as _, Resource, kind};
use coracle_plan::pod::PodHeld;
use coracle_spec::kind::pod::PodUid;
use coracle_store::ObjectChange;
use tokio::time::{Duration, sleep};

use crate::network;
use crate::objects::resource_of;
use crate::pods::{PodHandle, PodSurroundings, Pods, discard_pods};
use crate::supervisor::{Supervisor, TaskKind};

/// Who places pods that name nobody else for it.
const SCHEDULER: &str = "default-scheduler";

/// How long to wait before an engine that did not answer is asked again.
const ENGINE_PAUSE: Duration = Duration::from_secs(1);

/// How long the network of a namespace without pods is kept: to make one takes a tenth of a second, for which the next pod
/// would wait.
const LINGER: Duration = Duration::from_secs(30);

/// What the manager is given.
pub struct KubeletSetting {
    /// The objects.
    pub api: ApiServer,
    /// What workers work with.
    pub surroundings: PodSurroundings,
}

/// The network places of the pods that are looked after. Clones share them.
#[derive(Clone, Default)]
pub struct PodSandboxes {
    workers: Arc<RwLock<HashMap<PodUid, PodHandle>>>,
}

impl PodSandboxes {
    /// The network place of a pod; none of one that nobody looks after.
    pub fn of(&self, pod: &PodUid) -> Option<SandboxName> {
        self.read().get(pod).map(PodHandle::sandbox)
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<PodUid, PodHandle>> {
        self.workers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<PodUid, PodHandle>> {
        self.workers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks after the pods of the API.
pub struct Kubelet {
    api: ApiServer,
    pods: Pods,
    surroundings: PodSurroundings,
    supervisor: Supervisor,
    sandboxes: PodSandboxes,
    /// The version up to which everything was looked at.
    version: u64,
}

impl Kubelet {
    /// Begins: takes up the pods of an earlier life, and every one that comes.
    pub fn start(setting: KubeletSetting, supervisor: &Supervisor) -> PodSandboxes {
        let KubeletSetting { api, surroundings } = setting;
        let sandboxes = PodSandboxes::default();
        let kubelet = Self {
            pods: Pods::new(surroundings.clone(), supervisor.clone()),
            api,
            surroundings,
            supervisor: supervisor.clone(),
            sandboxes: sandboxes.clone(),
            version: 0,
        };
        supervisor.spawn(TaskKind::Timer, kubelet.work());
        sandboxes
    }

    async fn work(mut self) {
        let mut clock = self.api.objects().clock();
        self.take_up_everything().await;
        loop {
            clock.borrow_and_update();
            match self.api.objects().changes(self.version) {
                Ok((changes, version)) => {
                    self.version = version;
                    for change in &changes {
                        self.take_in(change);
                    }
                }
                Err(_) => self.take_up_everything().await,
            }
            // The sender goes with the last of the objects, and this holds them.
            let _ = clock.changed().await;
        }
    }

    /// Looks at every pod, with what the engine holds of each; what it holds of others is removed.
    async fn take_up_everything(&mut self) {
        let held = loop {
            match self.pods.held().await {
                Ok(held) => break held,
                Err(error) => {
                    tracing::warn!(%error, "pods wait for the engine");
                    sleep(ENGINE_PAUSE).await;
                }
            }
        };
        self.version = self.api.objects().version();
        let pods = self.api.all(kind::pods(), None);
        let there: BTreeSet<PodUid> = pods
            .iter()
            .map(|pod| PodUid::from(pod.body.uid()))
            .collect();
        if let Err(error) = discard_pods(self.surroundings.engine.as_ref(), &there).await {
            tracing::warn!(%error, "what is left of pods that are gone stays for now");
        }
        // A workbench that was killed may have left some after their last pods.
        match self.surroundings.engine.networks().await {
            Ok(networks) => networks
                .iter()
                .for_each(|network| self.leave_network(&network.0, Duration::ZERO)),
            Err(error) => tracing::warn!(%error, "networks without pods stay for now"),
        }
        self.sandboxes.write().retain(|uid, _| there.contains(uid));
        for pod in pods {
            let uid = PodUid::from(pod.body.uid());
            if !self.wake(&uid) {
                self.take_up(&pod.body, held.get(&uid));
            }
        }
    }

    fn take_up(&mut self, pod: &Object, held: Option<&PodHeld>) {
        if !is_ours(pod, &self.surroundings.node.name) {
            return;
        }
        let nothing = PodHeld::default();
        match self.pods.take_up(pod, held.unwrap_or(&nothing)) {
            Ok(worker) => {
                let uid = worker.key().uid.clone();
                self.sandboxes.write().insert(uid, worker);
            }
            Err(error) => tracing::warn!(%error, pod = pod.name(), "a pod cannot be read"),
        }
    }

    /// Removes the network of a namespace that has no pods, and none after a while: an engine has few of them.
    fn leave_network(&self, namespace: &str, after: Duration) {
        if !self.api.all(kind::pods(), Some(namespace)).is_empty() {
            return;
        }
        let (api, token) = (self.api.clone(), self.supervisor.token().clone());
        let engine = Arc::clone(&self.surroundings.engine);
        let network = NetworkName(namespace.to_owned());
        self.supervisor.spawn(TaskKind::Cleanup, async move {
            // Either only waits.
            tokio::select! {
                () = sleep(after) => {}
                () = token.cancelled() => {}
            }
            network::leave(&api, engine.as_ref(), &network).await;
        });
    }

    /// Whether somebody looks after that pod, who now looks at it again.
    fn wake(&self, pod: &PodUid) -> bool {
        let workers = self.sandboxes.read();
        let worker = workers.get(pod);
        worker.inspect(|worker| worker.wake()).is_some()
    }

    fn take_in(&mut self, change: &ObjectChange) {
        let Some(resource) = resource_of(&change.object.key.resource) else {
            return;
        };
        let object = &change.object.body;
        if is(resource, kind::pods()) {
            let uid = PodUid::from(object.uid());
            if !self.wake(&uid) && !change.removed {
                self.take_up(object, None);
            }
            if change.removed {
                self.sandboxes.write().remove(&uid);
                self.leave_network(object.namespace(), LINGER);
            }
        } else if is(resource, kind::namespaces()) {
            if change.removed {
                self.leave_network(object.name(), Duration::ZERO);
            }
        } else if pods_refer_to(resource) {
            for worker in self.sandboxes.read().values() {
                if worker.key().namespace == object.namespace() {
                    worker.wake();
                }
            }
        }
    }
}

/// Whether a pod is placed here, or may be.
fn is_ours(pod: &Object, node: &str) -> bool {
    match pod.text_at(&["spec", "nodeName"]) {
        "" => matches!(pod.text_at(&["spec", "schedulerName"]), "" | SCHEDULER),
        placed => placed == node,
    }
}

fn pods_refer_to(resource: &Resource) -> bool {
    [
        kind::config_maps(),
        kind::secrets(),
        kind::persistent_volume_claims(),
        kind::services(),
    ]
    .into_iter()
    .any(|referred| is(resource, referred))
}

fn is(one: &Resource, other: &Resource) -> bool {
    std::ptr::eq(one, other)
}
