//! What a pod's tasks work with, and how they speak to an engine that may be away for a moment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coracle_host::clock::Clock;
use coracle_host::log::Keep;
use coracle_host::{Engine, EngineError, SandboxName};
use coracle_model::EngineKind;
use coracle_plan::pod::PodObservation;
use coracle_store::{Home, Volumes};
use tokio::sync::mpsc::UnboundedSender;

use super::world::{PodKey, PodSurroundings};
use crate::image::Workshop;

/// The pause between two tries to reach an engine that does not answer.
const ENGINE_PAUSE: Duration = Duration::from_millis(500);

/// What a pod's tasks work with.
#[derive(Clone)]
pub(super) struct Hands {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) engine_kind: EngineKind,
    pub(super) clock: Arc<dyn Clock>,
    home: Home,
    pub(super) key: PodKey,
    /// The pod's own directory.
    pub(super) directory: PathBuf,
    pub(super) workbench_names: Vec<String>,
    pub(super) workshop: Workshop,
    /// Variables that every container gets unless its pod says otherwise.
    pub(super) variables: BTreeMap<String, String>,
    patience: Duration,
    /// How much of a container's output is kept.
    pub(super) keep_log: Keep,
    /// The network place that its containers are in now.
    sandbox: Arc<Mutex<SandboxName>>,
    outbox: UnboundedSender<PodObservation>,
}

impl Hands {
    pub(super) fn new(
        surroundings: &PodSurroundings,
        key: &PodKey,
        directory: PathBuf,
        sandbox: &str,
        outbox: UnboundedSender<PodObservation>,
    ) -> Self {
        Self {
            engine: Arc::clone(&surroundings.engine),
            engine_kind: surroundings.engine_kind,
            clock: Arc::clone(&surroundings.clock),
            home: surroundings.home.clone(),
            key: key.clone(),
            directory,
            workbench_names: surroundings.workbench_names.clone(),
            workshop: surroundings.workshop.clone(),
            variables: (surroundings.pod_variables)(&key.uid),
            patience: surroundings.engine_patience,
            keep_log: surroundings.keep_log,
            sandbox: Arc::new(Mutex::new(SandboxName(sandbox.to_owned()))),
            outbox,
        }
    }

    /// The claims of the pod's namespace.
    pub(super) fn claims(&self) -> Volumes {
        Volumes::of_namespace(&self.home, &self.key.namespace)
    }

    pub(super) fn sandbox(&self) -> SandboxName {
        self.sandbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn enter(&self, sandbox: SandboxName) {
        *self.sandbox.lock().unwrap_or_else(PoisonError::into_inner) = sandbox;
    }

    pub(super) fn tell(&self, observation: PodObservation) {
        // A worker that has ended sees it at the next start.
        let _ = self.outbox.send(observation);
    }

    pub(super) async fn pause(&self, duration: Duration) {
        self.clock
            .sleep_until(self.clock.steady().after(duration))
            .await;
    }

    /// Asks an engine that may have gone away for a moment until it answers.
    pub(super) async fn patiently<T, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, EngineError>>,
    {
        let began = self.clock.steady();
        loop {
            match ask().await {
                Err(EngineError::Unavailable { .. })
                    if self.clock.steady().since(began) < self.patience =>
                {
                    self.pause(ENGINE_PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// Asks until the engine answers, however long that takes.
    pub(super) async fn persistently<T, F>(
        &self,
        mut ask: impl FnMut() -> F,
    ) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, EngineError>>,
    {
        loop {
            match ask().await {
                Err(EngineError::Unavailable { .. }) => self.pause(ENGINE_PAUSE).await,
                answer => return answer,
            }
        }
    }
}
