//! A connection: what drives it, and the streams that a client offers on it.

use std::time::Duration;

use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::error::ConnectionError;
use super::frame::{Outbound, ResetStatus, StreamId};
use super::reader::Reader;
use super::stream::Stream;
use super::writer::{Control, outbox};
use crate::inbox::InboxReader;

/// Streams that were opened and not looked at yet.
const WAITING_OFFERS: usize = 16;
/// How long a client may take to read the last of what was said. Go's older clients lose what they have not read when
/// the server closes first, so that is left to them.
const LINGER: Duration = Duration::from_secs(300);
/// How long the last word to a client that broke the protocol may take.
const LAST_WORD: Duration = Duration::from_secs(1);

/// The streams of a connection, as its client opens them.
///
/// A connection is over when the client closes it, or when this and all its streams are gone.
#[derive(Debug)]
pub struct Connection {
    offers: mpsc::Receiver<Offer>,
    /// Keeps the connection open while there is no stream.
    _frames: mpsc::Sender<Outbound>,
}

/// A stream that a client has opened, and that is served or not. Dropped, it is not.
#[derive(Debug)]
pub struct Offer {
    id: StreamId,
    control: Control,
    stream: Option<Stream>,
}

impl Connection {
    /// Serves a connection that was upgraded. Nothing happens unless the future is polled; it ends with the connection.
    pub fn serve<Io>(
        io: Io,
    ) -> (
        Self,
        impl Future<Output = Result<(), ConnectionError>> + Send,
    )
    where
        Io: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (control, frames, outbox) = outbox();
        let (offer_sender, offers) = mpsc::channel(WAITING_OFFERS);
        let reader = Reader::new(offer_sender, frames.downgrade(), control);
        let connection = Self {
            offers,
            _frames: frames,
        };
        let driver = async move {
            let (mut input, mut output) = tokio::io::split(io);
            let mut reading = Box::pin(reader.read_from(&mut input));
            let mut writing = Box::pin(outbox.write_to(&mut output));
            let outcome = tokio::select! {
                read = &mut reading => {
                    drop(reading);
                    // What is still to be said is of use to nobody, but for a word on a broken protocol.
                    if let Err(ConnectionError::Protocol(_)) = read {
                        let _ = tokio::time::timeout(LAST_WORD, &mut writing).await;
                    }
                    read
                }
                written = &mut writing => match written {
                    Ok(()) => tokio::time::timeout(LINGER, reading).await.unwrap_or(Ok(())),
                    Err(error) => Err(error),
                },
            };
            drop(writing);
            // The peer may be gone already, and then there is nobody to close the connection for.
            let _ = tokio::time::timeout(LAST_WORD, output.shutdown()).await;
            outcome
        };
        (connection, driver)
    }

    /// The next stream that the client opens, or `None` when it closes the connection.
    pub async fn next(&mut self) -> Option<Offer> {
        self.offers.recv().await
    }
}

impl Offer {
    pub(super) fn new(
        id: StreamId,
        headers: HeaderMap,
        inbox: InboxReader,
        frames: mpsc::Sender<Outbound>,
        control: Control,
    ) -> Self {
        let stream = Stream::new(id, headers, inbox, frames, control.clone());
        Self {
            id,
            control,
            stream: Some(stream),
        }
    }

    /// The stream's number.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// What the client said of it.
    pub fn headers(&self) -> &HeaderMap {
        &self.stream().headers
    }

    /// Serves it.
    pub fn accept(mut self) -> Stream {
        self.control.say(Outbound::Reply { id: self.id });
        self.stream.take().expect(HELD)
    }

    /// Does not serve it.
    pub fn refuse(mut self) {
        let stream = self.stream.take().expect(HELD);
        stream.writer.give_up(ResetStatus::Refused);
    }

    fn stream(&self) -> &Stream {
        self.stream.as_ref().expect(HELD)
    }
}

const HELD: &str = "an offer holds its stream until it is consumed";
