//! The network places that steps run in.
//!
//! A step needs a network of its own, as a pod has: two steps that listen on the same port must not meet. But
//! making one costs more than a small step's own work, so a place that a step has left is used again by the next
//! one. A chain of steps makes one; a loop makes as many as run at once. A place that nobody has entered for a
//! while is closed, and all are when the workbench ends.
//!
//! ```text
//!   open ahead ─┐                  ┌── leave ──► free ──nobody came──► closed
//!               ├──► enter ──► step ┘              │
//!   kept by an adopted step ─┘                     └── enter
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coracle_host::{Engine, EngineError, SandboxName, SandboxRequest, WorkloadName};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The label of a workload that names the place it is in.
pub(crate) const SANDBOX_LABEL: &str = "coracle.sandbox";

/// How long a place stays open that nobody enters: long enough for a person who runs a pipeline again.
const LINGER: Duration = Duration::from_secs(30);

/// The places of a workbench.
#[derive(Debug)]
pub(crate) struct SandboxPool {
    /// Tells this life's places from those of earlier ones.
    life: String,
    workbench_names: Vec<String>,
    places: Mutex<Places>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Places {
    /// Those that nobody is in, with when they were left; the last one left comes last.
    free: Vec<(Instant, SandboxName)>,
    /// One is being opened ahead and nobody waits for it yet; whoever does hears when it is there.
    coming: Option<oneshot::Receiver<()>>,
    /// Those in which workloads of an earlier life still are.
    kept: HashMap<WorkloadName, SandboxName>,
    made: usize,
}

impl SandboxPool {
    pub(crate) fn new(workbench_names: Vec<String>) -> Arc<Self> {
        let life = Uuid::new_v4().simple().to_string();
        Arc::new(Self {
            life: life[..12].to_owned(),
            workbench_names,
            places: Mutex::default(),
            left: Notify::new(),
        })
    }

    /// Says in which place a workload is that an earlier life of the workbench began.
    pub(crate) fn keep(&self, workload: WorkloadName, place: SandboxName) {
        self.lock().kept.insert(workload, place);
    }

    /// A place for a workload that no other is in. One that was left is taken to be there still; see [`Self::mend`].
    pub(crate) async fn enter(
        &self,
        engine: &dyn Engine,
        workload: &WorkloadName,
    ) -> Result<SandboxName, EngineError> {
        loop {
            let coming = {
                let mut places = self.lock();
                let there = places.kept.remove(workload);
                if let Some(name) = there.or_else(|| Some(places.free.pop()?.1)) {
                    return Ok(name);
                }
                places.coming.take()
            };
            let Some(coming) = coming else { break };
            // The sender says nothing: it goes when the place is free, or could not be opened.
            let _ = coming.await;
        }
        let name = self.next_name();
        self.mend(engine, &name).await?;
        Ok(name)
    }

    /// Opens a place, or opens it again when the engine has lost it meanwhile.
    pub(crate) async fn mend(
        &self,
        engine: &dyn Engine,
        name: &SandboxName,
    ) -> Result<(), EngineError> {
        let request = SandboxRequest {
            aliases: vec![name.0.clone()],
            workbench_names: self.workbench_names.clone(),
            ..SandboxRequest::new(name.clone())
        };
        // Whether it was there before makes no difference to a step that has yet to begin.
        engine.open_sandbox(&request).await.map(drop)
    }

    /// What opens a place for a step that will come; none when one is free or on its way.
    pub(crate) fn open_ahead(
        self: &Arc<Self>,
        engine: Arc<dyn Engine>,
    ) -> Option<impl Future<Output = ()> + use<>> {
        let (opened, coming) = oneshot::channel();
        {
            let mut places = self.lock();
            if !places.free.is_empty() || places.coming.is_some() {
                return None;
            }
            places.coming = Some(coming);
        }
        let pool = Arc::clone(self);
        Some(async move {
            let name = pool.next_name();
            match pool.mend(engine.as_ref(), &name).await {
                Ok(()) => pool.leave(name),
                // The step that comes will meet the same error and report it.
                Err(error) => tracing::debug!(%error, "no sandbox was opened ahead"),
            }
            pool.lock().coming = None;
            drop(opened);
        })
    }

    /// Gives a place back.
    pub(crate) fn leave(&self, name: SandboxName) {
        self.lock().free.push((Instant::now(), name));
        self.left.notify_one();
    }

    /// Closes places that nobody enters, and at the end all that nobody is in.
    pub(crate) async fn tend(&self, engine: &dyn Engine, stopping: &CancellationToken) {
        while !stopping.is_cancelled() {
            let oldest = self.lock().free.first().map(|(left, _)| *left + LINGER);
            // All three only wait.
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.left.notified() => {}
                () = sleep_until(oldest.unwrap_or_else(Instant::now)), if oldest.is_some() => {
                    self.close(engine, |left| left.elapsed() >= LINGER).await;
                }
            }
        }
        self.close(engine, |_| true).await;
    }

    async fn close(&self, engine: &dyn Engine, due: impl Fn(Instant) -> bool) {
        let closing: Vec<_> = self
            .lock()
            .free
            .extract_if(.., |(left, _)| due(*left))
            .collect();
        for (_, name) in closing {
            if let Err(error) = engine.close_sandbox(&name).await {
                tracing::warn!(%error, "a sandbox was left behind; the next start removes it");
            }
        }
    }

    fn next_name(&self) -> SandboxName {
        let mut places = self.lock();
        places.made += 1;
        SandboxName(format!("coracle-net-{}-{}", self.life, places.made))
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
