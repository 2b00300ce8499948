//! The network places of one run.
//!
//! A step needs a network of its own, as a pod has: two steps that listen on the same port must not meet. But
//! making one costs more than a small step's own work, so a place that a step has left is used again by the next
//! step of the same run. A chain of steps makes one; a loop makes as many as run at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use coracle_host::{Engine, EngineError, SandboxName, SandboxRequest};
use coracle_model::RunId;
use tokio::sync::RwLock;

/// The places of one run.
#[derive(Debug)]
pub(crate) struct SandboxPool {
    run: RunId,
    workbench_names: Vec<String>,
    places: Mutex<Places>,
    /// Whether places may still be opened ahead. Held for reading meanwhile: closing waits for what is begun.
    open: RwLock<bool>,
}

#[derive(Debug, Default)]
struct Places {
    free: Vec<SandboxName>,
    made: usize,
    begun: bool,
}

impl SandboxPool {
    pub(crate) fn new(run: RunId, workbench_names: Vec<String>) -> Arc<Self> {
        Arc::new(Self {
            run,
            workbench_names,
            places: Mutex::default(),
            open: RwLock::new(true),
        })
    }

    /// A place that no other step is in. It is opened even when it was before, since the engine may have lost it.
    pub(crate) async fn enter(&self, engine: &dyn Engine) -> Result<SandboxName, EngineError> {
        let name = self.take();
        match engine.open_sandbox(&self.request(&name)).await {
            Ok(()) => Ok(name),
            Err(error) => {
                self.leave(name);
                Err(error)
            }
        }
    }

    /// True the first time only: whoever asks then opens the first place ahead.
    pub(crate) fn begin(&self) -> bool {
        !std::mem::replace(&mut self.lock().begun, true)
    }

    /// Opens the first place ahead of the first step.
    pub(crate) async fn open_ahead(&self, engine: &dyn Engine) {
        // A run may be over before it comes to that.
        let open = self.open.read().await;
        if !*open {
            return;
        }
        match self.enter(engine).await {
            Ok(name) => self.leave(name),
            // The first step will meet the same error and report it.
            Err(error) => tracing::debug!(%error, "no sandbox was opened ahead"),
        }
    }

    /// Gives a place back.
    pub(crate) fn leave(&self, name: SandboxName) {
        self.lock().free.push(name);
    }

    /// Removes every place.
    pub(crate) async fn close(&self, engine: &dyn Engine) {
        *self.open.write().await = false;
        let made = std::mem::take(&mut self.lock().made);
        for index in 0..made {
            if let Err(error) = engine.close_sandbox(&self.name(index)).await {
                tracing::warn!(%error, run = %self.run, "a sandbox was left behind");
            }
        }
    }

    fn take(&self) -> SandboxName {
        let mut places = self.lock();
        if let Some(name) = places.free.pop() {
            return name;
        }
        places.made += 1;
        self.name(places.made - 1)
    }

    fn name(&self, index: usize) -> SandboxName {
        SandboxName(format!("coracle-{}-net-{index}", self.run.0.simple()))
    }

    fn request(&self, name: &SandboxName) -> SandboxRequest {
        SandboxRequest {
            name: name.clone(),
            aliases: vec![name.0.clone()],
            workbench_names: self.workbench_names.clone(),
            labels: BTreeMap::from([("coracle.run".to_owned(), self.run.to_string())]),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
