//! Reading frames, and giving each to its stream.

use std::collections::HashMap;
use std::io;

use bytes::BytesMut;
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use super::connection::Offer;
use super::error::{ConnectionError, ProtocolError};
use super::frame::{Decoder, Inbound, Outbound, ResetStatus, Rest, StreamId};
use super::writer::Control;
use crate::inbox::{Inbox, inbox};

/// Room that is made for each read.
const READ_BYTES: usize = 64 * 1024;
/// A browser behind a forwarded port opens some dozens.
const MOST_STREAMS: usize = 512;
/// The number of this side's pings.
const PROBE: u32 = 2;

/// The side of a connection that listens.
pub(super) struct Reader {
    offers: mpsc::Sender<Offer>,
    frames: mpsc::WeakSender<Outbound>,
    control: Control,
    inboxes: HashMap<StreamId, Inbox>,
    last: StreamId,
}

impl Reader {
    /// Before anything was said. Only streams keep a connection open, so their sender of frames is held weakly.
    pub(super) fn new(
        offers: mpsc::Sender<Offer>,
        frames: mpsc::WeakSender<Outbound>,
        control: Control,
    ) -> Self {
        Self {
            offers,
            frames,
            control,
            inboxes: HashMap::new(),
            last: StreamId(0),
        }
    }

    /// Reads until the client closes the connection.
    pub(super) async fn read_from(
        mut self,
        io: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), ConnectionError> {
        let mut decoder = Decoder::new();
        let mut input = BytesMut::new();
        loop {
            loop {
                match decoder.decode(&mut input) {
                    Ok(Some(said)) => self.take(said).await,
                    Ok(None) => break,
                    Err(error) => return Err(self.give_up(error)),
                }
            }
            input.reserve(READ_BYTES);
            if io.read_buf(&mut input).await? == 0 {
                return if decoder.is_between_frames(&input) {
                    Ok(())
                } else {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
                };
            }
        }
    }

    fn give_up(&self, error: ProtocolError) -> ConnectionError {
        self.control.say(Outbound::GoAway { last: self.last });
        error.into()
    }

    async fn take(&mut self, said: Inbound) {
        match said {
            Inbound::Open { id, headers, rest } => self.open(id, headers, rest).await,
            Inbound::Data { id, chunk, rest } => {
                if let Some(inbox) = self.inboxes.get(&id) {
                    let probe = || self.control.answer(Outbound::Ping { id: PROBE });
                    inbox.put(&chunk, probe).await;
                    self.end(id, rest);
                }
            }
            Inbound::Headers { id, rest } => self.end(id, rest),
            Inbound::Reset { id } => {
                if let Some(inbox) = self.inboxes.remove(&id) {
                    inbox.reset();
                }
            }
            Inbound::Ping { id } => {
                // Even numbers are this side's own, and what they are answered with does not matter.
                if id % 2 == 1 {
                    self.control.answer(Outbound::Ping { id });
                }
            }
            Inbound::GoAway | Inbound::Ignored => {}
        }
    }

    async fn open(&mut self, id: StreamId, headers: HeaderMap, rest: Rest) {
        if id <= self.last || id.0.is_multiple_of(2) {
            return self.refuse(id, ResetStatus::ProtocolError);
        }
        self.last = id;
        if self.inboxes.len() >= MOST_STREAMS {
            self.inboxes.retain(|_, inbox| inbox.is_in_use());
        }
        let frames = self.frames.upgrade();
        let Some(frames) = frames.filter(|_| self.inboxes.len() < MOST_STREAMS) else {
            return self.refuse(id, ResetStatus::Refused);
        };
        let (inbox, reader) = inbox();
        self.inboxes.insert(id, inbox);
        self.end(id, rest);
        let control = self.control.clone();
        let offer = Offer::new(id, headers, reader, frames, control);
        // An offer that nobody takes resets its stream when it is dropped.
        let _ = self.offers.send(offer).await;
    }

    fn refuse(&self, id: StreamId, status: ResetStatus) {
        self.control.say(Outbound::Reset { id, status });
    }

    fn end(&mut self, id: StreamId, rest: Rest) {
        // A stream that was read to its end stays: a reset may follow, and ends the other direction.
        if rest == Rest::Finished
            && let Some(inbox) = self.inboxes.get(&id)
        {
            inbox.finish();
        }
    }
}
