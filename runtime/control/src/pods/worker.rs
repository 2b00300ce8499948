//! The task of one pod.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coracle_host::SandboxName;
use coracle_objects::Object;
use coracle_plan::pod::{PodHeld, PodObservation, PodPlan, PodSetting, PodStep};
use coracle_spec::kind::pod::{Pod, PodReadError, PodUid};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::hands::Hands;
use super::world::{PodKey, PodSurroundings, PodWorldError};
use crate::supervisor::{Supervisor, TaskKind};

/// How long a worker waits before it asks again for objects that could not be had.
const WORLD_PAUSE: Duration = Duration::from_secs(1);

/// How long a worker sleeps at most: the steady clock that it sleeps by stands still while the machine does.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// Begins to look after pods.
#[derive(Clone)]
pub struct Pods {
    surroundings: PodSurroundings,
    supervisor: Supervisor,
}

/// A worker as others see it. Cheap to clone.
#[derive(Clone)]
pub struct PodHandle {
    key: PodKey,
    wake: Arc<Notify>,
    hands: Hands,
}

impl PodHandle {
    /// Whom it looks after.
    pub fn key(&self) -> &PodKey {
        &self.key
    }

    /// The network place that its containers are in now, or will be.
    pub fn sandbox(&self) -> SandboxName {
        self.hands.sandbox()
    }

    /// Says that the pod, or something that it refers to, has changed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// The task of one pod.
struct Worker {
    surroundings: PodSurroundings,
    supervisor: Supervisor,
    key: PodKey,
    wake: Arc<Notify>,
    plan: PodPlan,
    hands: Hands,
    inbox: UnboundedReceiver<PodObservation>,
    written: Option<Value>,
}

/// Whether a worker goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Onward {
    Go,
    Stop,
}

impl Pods {
    /// Pods on a machine.
    pub fn new(surroundings: PodSurroundings, supervisor: Supervisor) -> Self {
        Self {
            surroundings,
            supervisor,
        }
    }

    /// What the engine holds of each pod; to be asked once, before pods are taken up.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn held(&self) -> Result<BTreeMap<PodUid, PodHeld>, coracle_host::EngineError> {
        super::held::held_pods(self.surroundings.engine.as_ref()).await
    }

    /// Begins to look after a pod: one that is new, or one that an earlier life of the workbench began.
    ///
    /// # Errors
    /// When the object is no pod.
    pub fn take_up(&self, object: &Object, held: &PodHeld) -> Result<PodHandle, PodReadError> {
        let pod = Pod::read(object)?;
        let key = PodKey {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            uid: pod.uid.clone(),
        };
        let node = &self.surroundings.node;
        let directory = self.surroundings.home.pod_dir(&key.uid.to_string());
        let setting = PodSetting {
            node_name: node.name.clone(),
            host_ip: node.ip,
            cpu: node.cpu,
            memory: node.memory,
            directory: directory.clone(),
        };
        let status = object.get("status").cloned().unwrap_or_default();
        let now = self.surroundings.clock.now();
        let plan = PodPlan::resume(pod, &status, held, setting, now);
        // Unbounded: everything in it is the answer to a step, and steps are few.
        let (outbox, inbox) = mpsc::unbounded_channel();
        let wake = Arc::new(Notify::new());
        let hands = Hands::new(
            &self.surroundings,
            &key,
            directory,
            &plan.sandbox_name(),
            outbox,
        );
        let worker = Worker {
            surroundings: self.surroundings.clone(),
            supervisor: self.supervisor.clone(),
            key: key.clone(),
            wake: Arc::clone(&wake),
            plan,
            hands: hands.clone(),
            inbox,
            written: Some(status),
        };
        self.supervisor.spawn(TaskKind::Attempt, worker.work());
        Ok(PodHandle { key, wake, hands })
    }
}

impl Worker {
    async fn work(mut self) {
        if self.look_around().await == Onward::Stop {
            return;
        }
        while self.go_on().await == Onward::Go {
            let sleep = self.sleep();
            // All three only wait.
            tokio::select! {
                seen = self.inbox.recv() => {
                    let Some(seen) = seen else { return };
                    self.see(seen);
                    // What came meanwhile belongs to the same look.
                    while let Ok(seen) = self.inbox.try_recv() {
                        self.see(seen);
                    }
                }
                () = self.wake.notified() => {
                    if self.look_around().await == Onward::Stop {
                        return;
                    }
                }
                () = sleep => {}
            }
        }
    }

    fn see(&mut self, seen: PodObservation) {
        self.plan.observe(seen, self.surroundings.clock.now());
    }

    /// Waits until the plan wants to be asked again.
    fn sleep(&self) -> impl Future<Output = ()> + use<> {
        let clock = Arc::clone(&self.surroundings.clock);
        let wait = self.plan.next_wake().map(|wake| {
            let wait = wake.duration_since(clock.now());
            Duration::try_from(wait)
                .unwrap_or_default()
                .min(LONGEST_SLEEP)
        });
        async move {
            match wait {
                Some(wait) => clock.sleep_until(clock.steady().after(wait)).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Reads the pod and what it refers to anew.
    async fn look_around(&mut self) -> Onward {
        let world = Arc::clone(&self.surroundings.world);
        let key = self.key.clone();
        let found = self.patiently(|| world.pod(&key)).await;
        let Some(object) = found else {
            // Somebody removed it by force; what is left of it goes with the next sweep.
            tracing::warn!(pod = %self.key.name, "the pod is not there any more");
            self.supervisor
                .spawn(TaskKind::Cleanup, self.hands.clone().sweep());
            self.surroundings.ledger.release(&self.key.uid);
            return Onward::Stop;
        };
        match Pod::read(&object) {
            Ok(pod) => self.see(PodObservation::Pod(Box::new(pod))),
            Err(error) => tracing::warn!(%error, "the pod goes on as it was"),
        }
        let references = self.plan.references();
        let pod = self.plan.pod().clone();
        let objects = self.patiently(|| world.objects(&pod, &references)).await;
        self.see(PodObservation::Objects(Box::new(objects)));
        Onward::Go
    }

    /// Asks the plan, writes what it says, then does what it asks for.
    async fn go_on(&mut self) -> Onward {
        let now = self.surroundings.clock.now();
        let steps = self.plan.advance(now);
        let events = self.plan.drain_events();
        let world = Arc::clone(&self.surroundings.world);
        if !events.is_empty() {
            world.tell(&self.key, events).await;
        }
        let status = self.plan.status(now);
        if self.written.as_ref() != Some(&status) {
            let key = self.key.clone();
            self.patiently(|| world.write_status(&key, status.clone()))
                .await;
            self.written = Some(status);
        }
        for step in steps {
            if step == PodStep::Gone {
                let key = self.key.clone();
                self.patiently(|| world.remove(&key)).await;
                return Onward::Stop;
            }
            self.hands
                .carry_out(step, &self.supervisor, self.surroundings.ledger.as_ref());
        }
        Onward::Go
    }

    async fn patiently<T, F>(&self, mut ask: impl FnMut() -> F) -> T
    where
        F: Future<Output = Result<T, PodWorldError>>,
    {
        let clock = &self.surroundings.clock;
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => {
                    tracing::warn!(%error, pod = %self.key.name, "nothing goes on until it succeeds");
                    clock.sleep_until(clock.steady().after(WORLD_PAUSE)).await;
                }
            }
        }
    }
}
