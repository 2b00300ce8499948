//! The loop as others see it.

use coracle_model::{EventCursor, RunId, RunState};
use coracle_plan::Waiting;
use coracle_store::StoreError;
use tokio::sync::{mpsc, oneshot, watch};

use crate::batch::Message;
use crate::run_loop::RunLoop;
use crate::setting::Setting;
use crate::supervisor::Supervisor;

/// A handle on the loop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Control {
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    events: watch::Receiver<EventCursor>,
}

/// Why the loop could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such run.
    #[error("there is no run `{0}`")]
    NoSuchRun(RunId),
    /// The run is not in a state for it.
    #[error("run `{run}` is {} and cannot be {action}", state.as_str())]
    WrongState {
        /// The run.
        run: RunId,
        /// Its state.
        state: RunState,
        /// What was asked.
        action: &'static str,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The loop's thread could not be started.
    #[error("failed to start the control loop's thread")]
    Thread(#[source] std::io::Error),
    /// The workbench is shutting down.
    #[error("the workbench is shutting down")]
    Stopping,
}

impl Control {
    /// Starts the loop on a thread of its own, which takes up every run that is open, and returns once it has.
    ///
    /// # Errors
    /// When the open runs cannot be read.
    pub async fn start(setting: Setting, supervisor: &Supervisor) -> Result<Self, ControlError> {
        // Unbounded: each message answers a step that was begun, so there are never more than steps in flight.
        let (messages, inbox) = mpsc::unbounded_channel();
        let (events_out, events) = watch::channel(EventCursor::default());
        let held = setting.engine.observe().await.unwrap_or_default();
        let run_loop = RunLoop::new(setting, supervisor.clone(), messages.clone(), events_out);
        let (ready, started) = oneshot::channel();
        std::thread::Builder::new()
            .name("coracle-control".to_owned())
            .spawn(move || run_loop.run(inbox, &held, ready))
            .map_err(ControlError::Thread)?;
        started.await.map_err(|_| ControlError::Stopping)??;
        Ok(Self { messages, events })
    }

    /// Says that a run was stored or changed.
    pub fn wake(&self, run: RunId) {
        // A loop that has ended takes up the run at the next start.
        let _ = self.messages.send(Message::Wake(run));
    }

    /// Stops a run.
    ///
    /// # Errors
    /// When there is no such run, or it is over.
    pub async fn cancel(&self, run: RunId) -> Result<(), ControlError> {
        self.ask(|answer| Message::Cancel { run, answer }).await?
    }

    /// Begins a failed run anew where it failed; what succeeded stands.
    ///
    /// # Errors
    /// When there is no such run, or it has not failed.
    pub async fn retry(&self, run: RunId) -> Result<(), ControlError> {
        self.ask(|answer| Message::Retry { run, answer }).await?
    }

    /// Changes when something was recorded.
    pub fn events(&self) -> watch::Receiver<EventCursor> {
        self.events.clone()
    }

    /// The steps of a run that wait for room on the machine, and for what.
    ///
    /// # Errors
    /// When the workbench is shutting down.
    pub async fn waiting(&self, run: RunId) -> Result<Vec<Waiting>, ControlError> {
        self.ask(|answer| Message::Waiting { run, answer }).await
    }

    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, ControlError> {
        let (answer, answered) = oneshot::channel();
        self.messages
            .send(message(answer))
            .map_err(|_| ControlError::Stopping)?;
        answered.await.map_err(|_| ControlError::Stopping)
    }
}
