//! Ctrl-C and its like, as something to wait for.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::command_error::CommandError;

/// What asks this process to stop: Ctrl-C or a termination.
///
/// A terminal that goes away ends the process as it ends any other, and `nohup` keeps it: what runs is taken up by
/// the next workbench.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// From here on the signals no longer end the process by themselves.
    pub(crate) fn listen() -> Result<Self, CommandError> {
        let listen = |kind| {
            signal(kind).map_err(|error| CommandError::failed("signals", format!("failed to listen to signals: {error}")))
        };
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for the next one. Cancel-safe.
    pub(crate) async fn next(&mut self) {
        // Both are cancel-safe.
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
