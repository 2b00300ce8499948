//! The one place where tasks are spawned, each with a kind that says what its end means at shutdown.

use std::future::Future;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a task does, and with that what becomes of it at shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Looks after one attempt. Dropped at shutdown: the workload goes on and is adopted at the next start.
    Attempt,
    /// Asks the engine or the disk something whose answer the loop waits for. Dropped at shutdown.
    Lookup,
    /// Waits. Dropped at shutdown.
    Timer,
    /// Carries bytes between a client and a workload. Dropped at shutdown: both see the end of it.
    Connection,
    /// Tidies up. Awaited at shutdown, within the grace.
    Cleanup,
    /// Serves connections; ends by itself when the token is cancelled.
    Server,
}

/// Spawns tasks and ends them.
#[derive(Debug, Clone)]
pub struct Supervisor {
    runtime: Handle,
    token: CancellationToken,
    tracker: TaskTracker,
}

impl Supervisor {
    /// A supervisor over a runtime.
    pub fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            token: CancellationToken::new(),
            tracker: TaskTracker::new(),
        }
    }

    /// Cancelled when shutdown begins.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Spawns a task.
    pub fn spawn(&self, kind: TaskKind, task: impl Future<Output = ()> + Send + 'static) {
        let token = self.token.clone();
        match kind {
            TaskKind::Attempt | TaskKind::Lookup | TaskKind::Timer | TaskKind::Connection => {
                drop(self.tracker.spawn_on(
                    async move {
                        // Either branch may be dropped: what was begun is found again at the next start.
                        tokio::select! {
                            () = token.cancelled() => {}
                            () = task => {}
                        }
                    },
                    &self.runtime,
                ));
            }
            TaskKind::Cleanup | TaskKind::Server => {
                drop(self.tracker.spawn_on(task, &self.runtime));
            }
        }
    }

    /// Begins the shutdown and waits for what has to end by itself, at most for `grace`.
    pub async fn shutdown(&self, grace: std::time::Duration) {
        self.token.cancel();
        self.tracker.close();
        if tokio::time::timeout(grace, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                "some tasks did not end within {grace:?}; what they did is taken up at the next start"
            );
        }
    }
}
