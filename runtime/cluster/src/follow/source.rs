//! What watches and logs tell the center, and how they wait when their connection breaks.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time;

/// Until the first try after a break, and between later ones at most; each wait is twice the one before.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Objects of a collection.
#[derive(Debug, PartialEq)]
pub(super) enum Seen {
    /// All that there are.
    All(Vec<Value>),
    /// One that is new, or has changed.
    One(Value),
    /// One that is no longer there.
    Gone(Value),
}

/// Which collection is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watched {
    Workload,
    Pods,
    Events,
}

/// What the center hears.
pub(super) enum Heard {
    Seen(Watched, Seen),
    /// A watch is refused, and has ended.
    Refused(Watched, String),
    /// The connection of a source broke.
    Broken(u64, String),
    /// It stands again.
    Mended(u64),
}

/// The center has gone: there is nobody to tell.
pub(super) struct Unheard;

/// Somebody who tells the center.
pub(super) struct Source {
    pub(super) number: u64,
    center: mpsc::Sender<Heard>,
    /// How long to wait before the next try; none while all is well.
    wait: Option<Duration>,
}

impl Source {
    pub(super) fn new(number: u64, center: mpsc::Sender<Heard>) -> Self {
        Self {
            number,
            center,
            wait: None,
        }
    }

    pub(super) async fn tell(&self, heard: Heard) -> Result<(), Unheard> {
        self.center.send(heard).await.map_err(|_| Unheard)
    }

    /// The connection broke: says so, and waits before it is tried again.
    pub(super) async fn broken(&mut self, reason: String) -> Result<(), Unheard> {
        let wait = match self.wait {
            None => {
                self.tell(Heard::Broken(self.number, reason)).await?;
                FIRST_WAIT
            }
            Some(wait) => (wait * 2).min(LONGEST_WAIT),
        };
        self.wait = Some(wait);
        time::sleep(wait).await;
        Ok(())
    }

    /// All is well, once more.
    pub(super) async fn mended(&mut self) -> Result<(), Unheard> {
        if self.wait.take().is_some() {
            self.tell(Heard::Mended(self.number)).await?;
        }
        Ok(())
    }

    /// Waits before another try of what nobody needs to be told of.
    pub(super) async fn pause(&mut self) {
        let wait = self
            .wait
            .map_or(FIRST_WAIT, |wait| (wait * 2).min(LONGEST_WAIT));
        self.wait = Some(wait);
        time::sleep(wait).await;
    }

    /// Waits a moment for the server to catch up.
    pub(super) async fn moment(&self) {
        time::sleep(FIRST_WAIT).await;
    }
}
