//! What happened, from any point on and as it happens.

use std::collections::VecDeque;

use coracle_model::{Event, EventCursor, RunId};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::watch;

use crate::error::AppError;
use crate::log::interleaved;
use crate::runs::find_run;
use crate::stage::Stage;
use crate::view::{self, EventQuery, Message, Told};
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

    /// The same as messages, each with what to ask with to get those after it; with the lines that the steps of a
    /// run write, when they are asked for.
    ///
    /// # Errors
    /// When there is no such run, or lines are asked for without naming one.
    pub async fn messages(
        &self,
        query: EventQuery,
    ) -> Result<BoxStream<'static, Result<Message, AppError>>, AppError> {
        if !query.logs {
            let events = self.events(query.run, query.after.event).await?;
            let message = |event: view::Event| Message {
                id: event.cursor.into(),
                data: Told::Event(event),
            };
            return Ok(events.map_ok(message).boxed());
        }
        let name = query.run.ok_or_else(|| {
            AppError::request(
                "lines are asked for without naming a run",
                "name it too: `run=RUN`",
            )
        })?;
        interleaved(self, name, query.after).await
    }

    /// The place of the last event there is now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_cursor(&self) -> Result<EventCursor, AppError> {
        self.ask_store(|store| Ok(store.last_cursor()?)).await
    }
}

/// An event as others see it.
pub(crate) fn present(event: Event) -> view::Event {
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
    /// What the store is being asked, so that somebody who waits for other things too need not ask again.
    asked: Option<Asked>,
    /// Whether there is nothing to read before something is recorded.
    caught_up: bool,
    stages: watch::Receiver<Stage>,
    news: Option<watch::Receiver<EventCursor>>,
}

struct Asked {
    events: BoxFuture<'static, Result<VecDeque<Event>, AppError>>,
    /// Whether more can come after them.
    live: bool,
}

impl Reader {
    pub(crate) fn new(workbench: Workbench, run: Option<RunId>, cursor: EventCursor) -> Self {
        let stages = workbench.inner.stage.subscribe();
        Self {
            workbench,
            run,
            cursor,
            ready: VecDeque::new(),
            asked: None,
            caught_up: false,
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
            if self.caught_up {
                if !self.changed().await {
                    return Ok(None);
                }
                self.caught_up = false;
            }
            let live = self.read().await?;
            if self.ready.is_empty() && !live {
                return Ok(None);
            }
            self.caught_up = self.ready.is_empty();
        }
    }

    /// Reads what is stored; whether more can come. Cancel-safe.
    async fn read(&mut self) -> Result<bool, AppError> {
        let asked = match self.asked.take() {
            Some(asked) => asked,
            None => self.ask(),
        };
        let asked = self.asked.insert(asked);
        let (events, live) = ((&mut asked.events).await, asked.live);
        self.asked = None;
        self.ready = events?;
        Ok(live)
    }

    fn ask(&mut self) -> Asked {
        // Before reading: what is recorded while we read is news.
        let live = self.mark_seen();
        let (workbench, run, cursor) = (self.workbench.clone(), self.run, self.cursor);
        let events = async move {
            workbench
                .ask_store(move |store| Ok(store.events_after(cursor, run, BATCH)?.into()))
                .await
        };
        Asked {
            events: events.boxed(),
            live,
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
