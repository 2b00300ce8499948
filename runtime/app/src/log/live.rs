//! Logs as they are written: those of the attempts at work at once, and of new ones as they begin.
//!
//! Events say when an attempt begins and ends. An attempt that has ended has written all it will, whatever its
//! log says of its end; so what is left of it is read, and nobody waits for more. It is read before anything else
//! happens, so that a reader who lags behind sees one attempt after another, as they were.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::Poll;

use coracle_host::log::{Chunk, LogError, follow};
use coracle_model::{Event, EventKind};
use futures_util::stream::{self, SelectAll, Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use super::attempts::{Wanted, directory};
use super::piece::{AttemptLog, AttemptName, PieceStream, Pieces, Reading};
use super::whole::rest;
use crate::error::AppError;
use crate::events::Reader;
use crate::workbench::Workbench;

/// Pieces that are handed on together when they are there together.
const TOGETHER: usize = 256;

/// What is followed.
struct Following {
    wanted: Wanted,
    events: Reader,
    /// Those that were over before all this, one after another.
    past: PieceStream,
    logs: SelectAll<PieceStream>,
    /// How many of the logs are of attempts whose end was not told yet.
    at_work: usize,
    /// Cancelled when the attempt has ended.
    ends: HashMap<AttemptName, CancellationToken>,
    /// Whether no attempt can be added any more.
    complete: bool,
}

/// The pieces of all attempts that are asked for, until the step or the run has ended.
pub(super) fn pieces(workbench: Workbench, mut wanted: Wanted) -> PieceStream {
    let events = Reader::new(workbench, Some(wanted.run), wanted.as_of);
    let reading = wanted.reading;
    let logs = std::mem::take(&mut wanted.logs).into_iter();
    let (past, present): (Vec<AttemptLog>, Vec<AttemptLog>) = logs.partition(|log| log.over);
    let over = || {
        let end = CancellationToken::new();
        end.cancel();
        end
    };
    let ends = past.iter().map(|log| (log.name.clone(), over())).collect();
    let past = stream::iter(past).flat_map(move |log| of_attempt(log, reading, over()));
    let mut following = Following {
        wanted,
        events,
        past: past.boxed(),
        logs: SelectAll::new(),
        at_work: 0,
        ends,
        complete: false,
    };
    for log in present {
        following.add(log);
    }
    stream::try_unfold(following, |mut following| async move {
        Ok(following.next().await?.map(|pieces| (pieces, following)))
    })
    .boxed()
}

impl Following {
    async fn next(&mut self) -> Result<Option<Pieces>, AppError> {
        if let Some(pieces) = self.past.next().await {
            return pieces.map(Some);
        }
        loop {
            if let Some(pieces) = self.next_of_ended().await {
                return pieces.map(Some);
            }
            if self.complete {
                return self.logs.next().await.transpose();
            }
            // Both are cancel-safe. No log at all is no end: the first step may not have begun.
            tokio::select! {
                Some(pieces) = self.logs.next(), if !self.logs.is_empty() => return Ok(Some(pieces?)),
                event = self.events.next() => match event? {
                    Some(event) => self.note(event),
                    None => self.finish(),
                },
            }
        }
    }

    /// What is left of attempts whose end was told; none when there is nothing more.
    async fn next_of_ended(&mut self) -> Option<Result<Pieces, AppError>> {
        std::future::poll_fn(|context| {
            if self.logs.len() <= self.at_work {
                return Poll::Ready(None);
            }
            match self.logs.poll_next_unpin(context) {
                // A log goes when it was read to its end.
                Poll::Pending if self.logs.len() <= self.at_work => Poll::Ready(None),
                other => other,
            }
        })
        .await
    }

    fn note(&mut self, event: Event) {
        match event.kind {
            EventKind::Run { state, .. } if state.is_final() => self.finish(),
            EventKind::Task { path, state, .. } => {
                if self.wanted.step.as_ref() == Some(&path) && state.is_final() {
                    self.finish();
                }
            }
            EventKind::Attempt {
                path,
                number,
                state,
                ..
            } => {
                let name = AttemptName { step: path, number };
                match (self.ends.get(&name), state.is_final()) {
                    (Some(end), true) if !end.is_cancelled() => {
                        end.cancel();
                        self.at_work -= 1;
                    }
                    (None, over) if self.wanted.admits(&name) => {
                        let directory = directory(&self.wanted.home, self.wanted.run, &name);
                        self.add(AttemptLog {
                            name,
                            directory,
                            over,
                        });
                    }
                    (Some(_), _) | (None, _) => {}
                }
            }
            EventKind::Run { .. } | EventKind::Metrics { .. } | EventKind::Notice { .. } => {}
        }
    }

    fn add(&mut self, log: AttemptLog) {
        let end = CancellationToken::new();
        if log.over {
            end.cancel();
        } else {
            self.at_work += 1;
        }
        self.ends.insert(log.name.clone(), end.clone());
        self.logs.push(of_attempt(log, self.wanted.reading, end));
    }

    /// No more attempts: what those that there are have written is all there will be.
    fn finish(&mut self) {
        self.complete = true;
        self.at_work = 0;
        self.ends.values().for_each(CancellationToken::cancel);
    }
}

/// The log of one attempt, until it has ended.
struct One {
    log: AttemptLog,
    reading: Reading,
    end: CancellationToken,
    live: Option<Live>,
    rest: Option<PieceStream>,
    delivered: u64,
}

type Live = Pin<Box<dyn Stream<Item = Vec<Result<Chunk, LogError>>> + Send>>;

/// What an attempt writes, until its end was told and it was read to the end.
pub(super) fn of_attempt(log: AttemptLog, reading: Reading, end: CancellationToken) -> PieceStream {
    let one = One {
        log,
        reading,
        end,
        live: None,
        rest: None,
        delivered: 0,
    };
    stream::try_unfold(one, |mut one| async move {
        Ok(one.next().await?.map(|pieces| (pieces, one)))
    })
    .boxed()
}

impl One {
    async fn next(&mut self) -> Result<Option<Pieces>, AppError> {
        if self.rest.is_none()
            && let Some(chunks) = self.next_live().await?
        {
            return Ok(Some(Pieces {
                of: self.log.name.clone(),
                chunks,
            }));
        }
        let (log, reading, delivered) = (&self.log, self.reading, self.delivered);
        self.rest
            .get_or_insert_with(|| rest(log.clone(), reading, delivered))
            .next()
            .await
            .transpose()
    }

    /// What is written while the attempt goes on; none when it is over.
    async fn next_live(&mut self) -> Result<Option<Vec<Chunk>>, AppError> {
        let end = self.end.clone();
        // What is dropped with a branch that loses is read again with the rest.
        let chunks = tokio::select! {
            biased;
            () = end.cancelled() => None,
            chunks = self.written() => chunks,
        };
        let Some(chunks) = chunks else {
            return Ok(None);
        };
        let chunks = chunks
            .into_iter()
            .collect::<Result<Vec<Chunk>, LogError>>()?;
        if let Some(last) = chunks.last() {
            self.delivered = last.offset + last.bytes.len() as u64;
        }
        Ok(Some(chunks))
    }

    async fn written(&mut self) -> Option<Vec<Result<Chunk, LogError>>> {
        let (log, reading) = (&self.log, self.reading);
        let live = self.live.get_or_insert_with(|| {
            let chunks = follow(&log.directory, reading.start, reading.only);
            Box::pin(Box::pin(chunks).ready_chunks(TOGETHER))
        });
        live.next().await
    }
}
