//! What happened, from any point on and as it happens.

use std::collections::VecDeque;

use coracle_model::{Event, EventCursor, RunId};
use futures_util::{Stream, stream};
use tokio::sync::watch;

use crate::error::AppError;
use crate::runs::find_run;
use crate::stage::Stage;
use crate::view;
use crate::workbench::Workbench;

/// Events that are read at once.
const BATCH: usize = 256;

impl Workbench {
    /// The events after a cursor, of one run or of all: those that are stored, and then those to come. The stream
    /// ends when the workbench shuts down; where nothing works on runs, after what is stored.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn events(
        &self,
        run: Option<String>,
        after: EventCursor,
    ) -> Result<impl Stream<Item = Result<view::Event, AppError>> + Send + use<>, AppError> {
        let run = match run {
            Some(name) => Some(self.ask_store(move |store| find_run(store, &name)).await?),
            None => None,
        };
        let events = Reader::new(self.clone(), run, after);
        Ok(stream::try_unfold(events, |mut events| async move {
            Ok(events.next().await?.map(|event| (present(event), events)))
        }))
    }

    /// The place of the last event there is now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_cursor(&self) -> Result<EventCursor, AppError> {
        self.ask_store(|store| Ok(store.last_cursor()?)).await
    }
}

fn present(event: Event) -> view::Event {
    view::Event {
        cursor: event.cursor,
        at: event.at,
        run_id: event.run,
        what: event.kind,
    }
}

/// Reads events one after another, and waits for those to come.
pub(crate) struct Reader {
    workbench: Workbench,
    run: Option<RunId>,
    cursor: EventCursor,
    ready: VecDeque<Event>,
    stages: watch::Receiver<Stage>,
    news: Option<watch::Receiver<EventCursor>>,
}

impl Reader {
    pub(crate) fn new(workbench: Workbench, run: Option<RunId>, cursor: EventCursor) -> Self {
        let stages = workbench.inner.stage.subscribe();
        Self {
            workbench,
            run,
            cursor,
            ready: VecDeque::new(),
            stages,
            news: None,
        }
    }

    /// The next event; none when there will be no more. Cancel-safe: an event is passed over only once it was
    /// returned.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, AppError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.cursor = event.cursor;
                return Ok(Some(event));
            }
            // Before reading: what is recorded while we read is news.
            let live = self.mark_seen();
            let (run, cursor) = (self.run, self.cursor);
            self.ready = self
                .workbench
                .ask_store(move |store| Ok(store.events_after(cursor, run, BATCH)?.into()))
                .await?;
            if self.ready.is_empty() && !(live && self.changed().await) {
                return Ok(None);
            }
        }
    }

    /// Whether there can be news at all.
    fn mark_seen(&mut self) -> bool {
        if let Some(news) = &mut self.news {
            news.mark_unchanged();
            return true;
        }
        let stage = self.stages.borrow_and_update().clone();
        match stage {
            Stage::Working(working) => {
                self.news = Some(working.control.events());
                true
            }
            Stage::Starting | Stage::NoEngine(_) => true,
            Stage::Reading | Stage::Failed(_) => false,
        }
    }

    /// Waits for news; false when there will be none. `changed` and `cancelled` are cancel-safe.
    async fn changed(&mut self) -> bool {
        let stopping = self.workbench.stopping().clone();
        let news = async {
            match &mut self.news {
                Some(news) => news.changed().await.is_ok(),
                None => self.stages.changed().await.is_ok(),
            }
        };
        tokio::select! {
            () = stopping.cancelled() => false,
            changed = news => changed,
        }
    }
}
