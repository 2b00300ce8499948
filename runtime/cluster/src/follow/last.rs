//! What is still heard once a workload has ended: what its watches missed, and the last lines of its logs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time;

use super::center::{Center, WAITING};
use super::news::{WorkloadEnd, WorkloadNews};
use super::requests::Failure;
use super::source::{Heard, Seen, Unheard, Watched};
use super::state::Ending;
use super::watch::Collection;

/// Once a workload has ended its pods may take their grace of 30 s; a log that then says nothing for as long is left.
const LAST_LINES_WITHIN: Duration = Duration::from_secs(45);

/// How often a silence of that length is borne where the cluster answers and a log cannot be had: its node may be gone for good.
const SILENCES: u32 = 4;

/// How long pods may go on that belong to nothing any more: those of a workload that was removed without them.
const LEFT_BEHIND_WITHIN: Duration = Duration::from_secs(120);

impl Center {
    /// Looks at a collection once, for as long as it takes.
    pub(super) async fn look(
        &mut self,
        what: Watched,
        collection: &Collection,
    ) -> Result<(), Unheard> {
        let mut source = self.source();
        loop {
            let listed = {
                let mut listing = std::pin::pin!(collection.list(&self.api));
                loop {
                    // Logs are read on meanwhile: they wait for nobody but their listener.
                    tokio::select! {
                        listed = &mut listing => break listed,
                        Some(()) = self.logs.next(), if !self.logs.is_empty() => {}
                    }
                }
            };
            match (listed, what) {
                (Ok((objects, _)), what) => {
                    self.back().await?;
                    return match what {
                        Watched::Pods => self.see_pods(Seen::All(objects)).await,
                        Watched::Workload | Watched::Events => {
                            self.see_events(Seen::All(objects)).await
                        }
                    };
                }
                (Err(Failure::Lost(reason)), _) => {
                    self.away(reason).await?;
                    source.pause().await;
                }
                // It was told already where a watch was refused.
                (Err(_), _) => return Ok(()),
            }
        }
    }

    /// Takes in what a log told. What watches told before they were ended counts no more.
    pub(super) async fn take_of_log(&mut self, heard: Heard) -> Result<(), Unheard> {
        match heard {
            Heard::Broken(..) | Heard::Mended(_) => self.take(heard).await.map(drop),
            Heard::Seen(..) | Heard::Refused(..) => Ok(()),
        }
    }

    /// Waits for the last lines.
    pub(super) async fn await_logs(
        &mut self,
        heard: &mut mpsc::Receiver<Heard>,
        end: WorkloadEnd,
    ) -> Result<(), Unheard> {
        let is_gone = end == WorkloadEnd::Deleted;
        let begun = time::Instant::now();
        let mut before = self.listener.lines.load(Ordering::Relaxed);
        let mut silences = 0;
        loop {
            let silence = time::sleep(LAST_LINES_WITHIN);
            let mut silence = std::pin::pin!(silence);
            loop {
                tokio::select! {
                    log = self.logs.next() => if log.is_none() {
                        // What the last one told on its way out.
                        while let Ok(last) = heard.try_recv() {
                            self.take_of_log(last).await?;
                        }
                        return Ok(());
                    },
                    Some(heard) = heard.recv() => self.take_of_log(heard).await?,
                    () = &mut silence => break,
                }
            }
            let now = self.listener.lines.load(Ordering::Relaxed);
            if now == before && self.broken.is_empty() {
                return self
                    .leave_logs("containers still run and say nothing")
                    .await;
            }
            if is_gone && begun.elapsed() > LEFT_BEHIND_WITHIN {
                return self.leave_logs("its pods go on without it").await;
            }
            // Where nothing answers it is waited for; where all but a log does, it is not.
            let answers = now == before && self.api.get("/version").await.is_ok();
            silences = if answers { silences + 1 } else { 0 };
            if silences == SILENCES {
                return self.leave_logs("the cluster does not give them").await;
            }
            before = now;
        }
    }

    /// Reads no further, and says so where something was still read.
    pub(super) async fn leave_logs(&mut self, reason: &str) -> Result<(), Unheard> {
        let count = self.logs.len();
        self.logs.clear();
        if count == 0 {
            return Ok(());
        }
        let what = format!("the last lines of {count} of its logs");
        let reason = reason.to_owned();
        self.tell(WorkloadNews::NotTold { what, reason }).await
    }

    /// Tells the end behind all lines, once all else was heard.
    pub(super) async fn tell_end(&mut self, ending: Ending) -> Result<(), Unheard> {
        // All its room is free when nothing waits any more.
        let room = self.tell.reserve_many(WAITING).await;
        room.map(drop).map_err(|_| Unheard)?;
        let Ending {
            end,
            reason,
            message,
        } = ending;
        let ended = WorkloadNews::Ended {
            end,
            reason,
            message,
        };
        self.listener.tell.send(ended).await.map_err(|_| Unheard)
    }
}
