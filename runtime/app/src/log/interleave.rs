//! The events of a run, and the lines that its steps write, in one stream.
//!
//! Events come as they were recorded. The lines of an attempt come as they were written, after the event that tells
//! of its beginning and before the event that tells of its end, which waits for them. So a place in the stream is
//! the last event and how far the logs of the attempts at work were sent: what is over was sent as a whole.
//!
//! Nothing is read before somebody asks for it, and at most [`MOST_FOLLOWED`] logs are read at once: who reads
//! slowly holds a part of each of those and no more, and keeps a short cursor.

use std::collections::{BTreeMap, VecDeque};
use std::future::ready;

use coracle_host::log::{Only, Start};
use coracle_model::{Event, EventCursor, RunId};
use coracle_store::Home;
use futures_util::stream::{self, BoxStream, SelectAll, StreamExt};
use tokio_util::sync::CancellationToken;

use super::at_work::AtWork;
use super::attempts::directory;
use super::live::of_attempt;
use super::piece::{AttemptLog, AttemptName, Pieces, Reading};
use super::split::{Line, Splitter};
use crate::error::AppError;
use crate::events::{Reader, present};
use crate::runs::find_run;
use crate::view::{LogEvent, LogPosition, Message, StreamCursor, Told, Written};
use crate::workbench::Workbench;

/// The most logs that are read at once. Those of further attempts are read when one of these has ended, and at the
/// latest when the attempt itself has.
const MOST_FOLLOWED: usize = 64;

/// The messages of a run after a place.
pub(crate) async fn interleaved(
    workbench: &Workbench,
    name: String,
    after: StreamCursor,
) -> Result<BoxStream<'static, Result<Message, AppError>>, AppError> {
    let until = after.event;
    let (run, at_work) = workbench
        .ask_store(move |store| {
            let run = find_run(store, &name)?;
            Ok((run, AtWork::read(store, run, until)?))
        })
        .await?;
    let messages = Interleaved::new(workbench, run, at_work, after);
    Ok(stream::try_unfold(messages, |mut messages| async move {
        Ok(messages.next().await?.map(|message| (message, messages)))
    })
    .boxed())
}

struct Interleaved {
    home: Home,
    run: RunId,
    events: Reader,
    /// The last event that was handed out.
    last: EventCursor,
    coming: Coming,
    /// The attempts at work, as of that event.
    at_work: AtWork,
    followed: BTreeMap<EventCursor, Followed>,
    waiting: BTreeMap<EventCursor, AttemptName>,
    logs: SelectAll<Log>,
    /// Lines of one attempt, to be handed out before anything else is read.
    lines: VecDeque<(EventCursor, Line)>,
}

/// The event after the last one that was handed out.
enum Coming {
    /// It is not known.
    Unknown,
    /// It waits for the lines before it.
    Held(Event),
    /// There is none and will be none.
    None,
}

/// An attempt whose log is read.
struct Followed {
    name: AttemptName,
    /// Cancelled when it has ended: then its log has.
    end: CancellationToken,
    splitter: Splitter,
    sent: LogPosition,
    /// Whether its log was read to the end.
    is_read: bool,
}

/// The log of one attempt, which nothing comes after at the end.
type Log = BoxStream<'static, (EventCursor, Option<Result<Pieces, AppError>>)>;

impl Interleaved {
    fn new(workbench: &Workbench, run: RunId, at_work: AtWork, after: StreamCursor) -> Self {
        let mut interleaved = Self {
            home: workbench.home().clone(),
            run,
            events: Reader::new(workbench.clone(), Some(run), after.event),
            last: after.event,
            coming: Coming::Unknown,
            waiting: at_work.begun().collect(),
            at_work,
            followed: BTreeMap::new(),
            logs: SelectAll::new(),
            lines: VecDeque::new(),
        };
        // Those that were begun, so that the cursor goes on telling how far.
        for (attempt, sent) in after.logs {
            interleaved.follow(attempt, sent);
        }
        interleaved.follow_more();
        interleaved
    }

    async fn next(&mut self) -> Result<Option<Message>, AppError> {
        loop {
            if let Some(event) = self.due() {
                return Ok(Some(self.tell(event)));
            }
            if self.is_over() {
                return Ok(None);
            }
            // All are cancel-safe. Events first: they are few, and somebody waits for them.
            tokio::select! {
                biased;
                event = self.events.next(), if matches!(self.coming, Coming::Unknown) => self.hold(event?),
                () = ready(()), if !self.lines.is_empty() => {
                    if let Some(message) = self.tell_line() {
                        return Ok(Some(message));
                    }
                }
                read = self.logs.next(), if self.lines.is_empty() && !self.logs.is_empty() => {
                    if let Some((attempt, pieces)) = read {
                        self.take_in(attempt, pieces);
                    }
                }
            }
        }
    }

    /// The event that was held back, once nothing has to come before it.
    fn due(&mut self) -> Option<Event> {
        let Coming::Held(event) = &self.coming else {
            return None;
        };
        let ended = self.at_work.ended_by(event);
        if !ended.into_iter().all(|attempt| self.is_sent(attempt)) {
            return None;
        }
        match std::mem::replace(&mut self.coming, Coming::Unknown) {
            Coming::Held(event) => Some(event),
            Coming::Unknown | Coming::None => None,
        }
    }

    /// Whether all that an attempt wrote was handed out.
    fn is_sent(&self, attempt: EventCursor) -> bool {
        let is_read = self
            .followed
            .get(&attempt)
            .is_some_and(|followed| followed.is_read);
        is_read && self.lines.front().is_none_or(|(of, _)| *of != attempt)
    }

    fn is_over(&self) -> bool {
        matches!(self.coming, Coming::None) && self.lines.is_empty() && self.logs.is_empty()
    }

    /// Holds an event until the logs of what it ends were sent.
    fn hold(&mut self, event: Option<Event>) {
        let Some(event) = event else {
            // What is there is sent, but nothing has ended.
            self.coming = Coming::None;
            return self.end_all();
        };
        for attempt in self.at_work.ended_by(&event) {
            self.follow(attempt, LogPosition::default());
            if let Some(followed) = self.followed.get(&attempt) {
                followed.end.cancel();
            }
        }
        self.coming = Coming::Held(event);
    }

    fn end_all(&mut self) {
        self.followed
            .values()
            .for_each(|followed| followed.end.cancel());
    }

    /// Hands an event out; the attempt that it begins is followed from now on.
    fn tell(&mut self, event: Event) -> Message {
        for attempt in self.at_work.ended_by(&event) {
            self.followed.remove(&attempt);
        }
        if let Some(name) = self.at_work.note(&event) {
            self.waiting.insert(event.cursor, name);
        }
        self.follow_more();
        self.last = event.cursor;
        Message {
            id: self.cursor(),
            data: Told::Event(present(event)),
        }
    }

    /// Hands the next line out.
    fn tell_line(&mut self) -> Option<Message> {
        let (attempt, line) = self.lines.pop_front()?;
        let followed = self.followed.get_mut(&attempt)?;
        followed.sent = line.after;
        let line = line.present(&followed.name);
        let event = LogEvent {
            cursor: self.last,
            at: line.at,
            run_id: self.run,
            what: Written::Log(line),
        };
        Some(Message {
            id: self.cursor(),
            data: Told::Log(event),
        })
    }

    fn cursor(&self) -> StreamCursor {
        let begun = self
            .followed
            .iter()
            .filter(|(_, followed)| followed.sent != LogPosition::default());
        StreamCursor {
            event: self.last,
            logs: begun
                .map(|(attempt, followed)| (*attempt, followed.sent))
                .collect(),
        }
    }

    fn take_in(&mut self, attempt: EventCursor, pieces: Option<Result<Pieces, AppError>>) {
        let Some(followed) = self.followed.get_mut(&attempt) else {
            return;
        };
        let lines = match pieces {
            Some(Ok(pieces)) => pieces
                .chunks
                .iter()
                .flat_map(|chunk| followed.splitter.add(chunk))
                .collect(),
            Some(Err(error)) => {
                // The events matter more: they go on.
                tracing::warn!(%error, "the log of `{}` could not be sent to its end", followed.name.step);
                Vec::new()
            }
            None => {
                followed.is_read = true;
                match self.coming {
                    Coming::Unknown | Coming::Held(_) => followed.splitter.finish(),
                    // The rest of the line may come in another life of the workbench.
                    Coming::None => Vec::new(),
                }
            }
        };
        self.lines
            .extend(lines.into_iter().map(|line| (attempt, line)));
    }

    fn follow_more(&mut self) {
        while self.followed.len() < MOST_FOLLOWED
            && let Some(attempt) = self.waiting.keys().next().copied()
        {
            self.follow(attempt, LogPosition::default());
        }
    }

    /// Begins to read the log of an attempt that waits for it.
    fn follow(&mut self, attempt: EventCursor, sent: LogPosition) {
        let Some(name) = self.waiting.remove(&attempt) else {
            return;
        };
        let end = CancellationToken::new();
        let log = AttemptLog {
            directory: directory(&self.home, self.run, &name),
            name: name.clone(),
            over: false,
        };
        let reading = Reading {
            start: Start::Offset(sent.start()),
            only: Only::Both,
        };
        let pieces = of_attempt(log, reading, end.clone());
        let pieces = pieces.map(move |pieces| (attempt, Some(pieces)));
        self.logs
            .push(pieces.chain(stream::once(ready((attempt, None)))).boxed());
        let followed = Followed {
            name,
            end,
            splitter: Splitter::after(sent),
            sent,
            is_read: false,
        };
        self.followed.insert(attempt, followed);
    }
}
