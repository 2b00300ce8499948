//! Writing frames: control frames first, data in the order in which streams found room for it.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::ConnectionError;
use super::frame::{Encoder, Outbound};

/// With chunks of 64 KiB, half a MiB is on its way at most.
const DATA_FRAMES: usize = 8;
/// Each stream needs three at most, and they are small; a peer for whom so many wait does not read at all.
const CONTROL_FRAMES: usize = 4096;
/// Payloads up to this are copied behind their headers, so that many small frames are one write.
const SMALL_PAYLOAD: usize = 4 * 1024;
/// When what was gathered is written even though more could be added.
const FULL: usize = 64 * 1024;

/// Says control frames without waiting.
#[derive(Debug, Clone)]
pub(super) struct Control {
    frames: mpsc::Sender<Outbound>,
    /// Cancelled when a frame that must be said cannot be.
    deaf: CancellationToken,
}

/// What is to be written.
pub(super) struct Outbox {
    control: mpsc::Receiver<Outbound>,
    data: mpsc::Receiver<Outbound>,
    deaf: CancellationToken,
}

/// The two ends of what is to be written. It is over when all senders of data are gone.
pub(super) fn outbox() -> (Control, mpsc::Sender<Outbound>, Outbox) {
    let (control_sender, control) = mpsc::channel(CONTROL_FRAMES);
    let (data_sender, data) = mpsc::channel(DATA_FRAMES);
    let deaf = CancellationToken::new();
    let sender = Control {
        frames: control_sender,
        deaf: deaf.clone(),
    };
    let outbox = Outbox {
        control,
        data,
        deaf,
    };
    (sender, data_sender, outbox)
}

impl Control {
    /// Says what has to be said; a peer that does not read loses the connection.
    pub(super) fn say(&self, frame: Outbound) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.frames.try_send(frame) {
            self.deaf.cancel();
        }
    }

    /// Says a ping or the answer to one if there is room; who does not read needs none.
    pub(super) fn answer(&self, frame: Outbound) {
        if self.frames.capacity() > CONTROL_FRAMES / 2 {
            self.say(frame);
        }
    }
}

impl Outbox {
    /// Writes until all that can be said was said.
    pub(super) async fn write_to(
        mut self,
        io: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), ConnectionError> {
        let deaf = self.deaf.clone();
        tokio::select! {
            written = self.write(io) => Ok(written?),
            () = deaf.cancelled() => Err(ConnectionError::Deaf),
        }
    }

    async fn write(&mut self, io: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut encoder = Encoder::new();
        let mut gathered = BytesMut::with_capacity(FULL);
        loop {
            let frame = match self.take_ready() {
                Some(frame) => Some(frame),
                None => {
                    io.write_all_buf(&mut gathered).await?;
                    io.flush().await?;
                    self.next().await
                }
            };
            let Some(frame) = frame else {
                return Ok(());
            };
            // A reply is said before its stream is, but may have been put in after the last look at `control`.
            while let Ok(earlier) = self.control.try_recv() {
                encoder.encode(earlier, &mut gathered);
            }
            let payload = encoder.encode(frame, &mut gathered);
            put(payload, &mut gathered, io).await?;
        }
    }

    fn take_ready(&mut self) -> Option<Outbound> {
        let control = self.control.try_recv().ok();
        control.or_else(|| self.data.try_recv().ok())
    }

    /// The next frame, or `None` when all streams and their connection are gone.
    async fn next(&mut self) -> Option<Outbound> {
        // Receiving is cancel-safe.
        tokio::select! {
            biased;
            Some(frame) = self.control.recv() => Some(frame),
            frame = self.data.recv() => frame,
        }
    }
}

async fn put(
    payload: Bytes,
    gathered: &mut BytesMut,
    io: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    if payload.len() <= SMALL_PAYLOAD {
        gathered.extend_from_slice(&payload);
        if gathered.len() >= FULL {
            io.write_all_buf(gathered).await?;
        }
        return Ok(());
    }
    io.write_all_buf(&mut gathered.split().chain(payload)).await
}
