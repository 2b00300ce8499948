//! Ctrl-C and its like, as something to wait for.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::command_error::CommandError;

/// What asks this process to stop: Ctrl-C or a termination.
///
/// A terminal that goes away ends the process as it ends any other, and `nohup` keeps it: what runs is taken up by
/// the next workbench.
#[derive(Debug)]
pub struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    /// One came while nobody could answer it.
    held_back: bool,
}

impl Interrupts {
    /// From here on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// What the system said.
    pub fn listen() -> Result<Self, CommandError> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                CommandError::failed("signals", format!("failed to listen to signals: {error}"))
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            held_back: false,
        })
    }

    /// Waits for the next one. Cancel-safe.
    pub async fn next(&mut self) {
        if std::mem::take(&mut self.held_back) {
            return;
        }
        self.next_of_system().await;
    }
    /// Does work that should not be left half done. The first signal is kept for [`Interrupts::next`]; a second
    /// one leaves the work, and nothing comes of it.
    pub(crate) async fn unless_twice<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            // The work goes on where it was when the other branch is taken.
            tokio::select! {
                done = &mut work => return Some(done),
                () = self.next_of_system() => {
                    if std::mem::replace(&mut self.held_back, true) {
                        return None;
                    }
                }
            }
        }
    }

    async fn next_of_system(&mut self) {
        // Both are cancel-safe.
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
