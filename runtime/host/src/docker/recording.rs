//! What is written down of a container's output.
//!
//! A log that is kept whole is begun anew by each who attends. One of which the end is kept is gone on with: the engine
//! is asked for what it has since a little before the last piece, and what is known of that is passed over.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::error::file_error;
use super::frames::{Lines, Newlines, Piece};
use crate::engine::EngineError;
use crate::log::{Keep, KnownPiece, LogWriter, Stream, known_since};

/// How far before the last piece the engine's log is read again. Pieces of the two streams may bear times that are out of
/// order, and machines' clocks are set back by a little at times.
const OVERLAP: SignedDuration = SignedDuration::from_secs(2);

/// What a log was when its recording began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continuation {
    /// Begun anew.
    Anew,
    /// Gone on with.
    Resumed,
}

/// What is written of a container's output, and how much of it.
pub(super) struct Recording {
    pub(super) writer: Log,
    pub(super) lines: Lines,
    pub(super) continuation: Continuation,
    newlines: Newlines,
    /// How many pieces the engine handed out.
    pub(super) pieces: u64,
    /// How many bytes they had, their times included.
    pub(super) bytes: u64,
    /// The last of them; empty when there was none.
    last: (Stream, Vec<u8>),
}

impl Recording {
    pub(super) fn begin(
        directory: &Path,
        keep: Keep,
        newlines: Newlines,
    ) -> Result<Self, EngineError> {
        let writer = LogWriter::create(directory).map_err(|error| cannot_write(&error))?;
        let writer = writer.keeping(keep);
        Ok(Self::of(directory, writer, Continuation::Anew, newlines))
    }

    pub(super) fn resume(
        directory: &Path,
        keep: Keep,
        newlines: Newlines,
    ) -> Result<Self, EngineError> {
        let writer = LogWriter::resume(directory).map_err(|error| cannot_write(&error))?;
        let writer = writer.keeping(keep);
        Ok(Self::of(directory, writer, Continuation::Resumed, newlines))
    }

    fn of(
        directory: &Path,
        writer: LogWriter,
        continuation: Continuation,
        newlines: Newlines,
    ) -> Self {
        Self {
            writer: Log {
                directory: directory.to_owned(),
                writer,
                known: VecDeque::new(),
                dropped_until: None,
            },
            lines: Lines::new(newlines),
            continuation,
            newlines,
            pieces: 0,
            bytes: 0,
            last: (Stream::Stdout, Vec::new()),
        }
    }

    /// Prepares for pieces that the engine hands out again; since when, where not from the first.
    pub(super) fn begin_again(&mut self) -> Result<Option<Timestamp>, EngineError> {
        if self.continuation == Continuation::Anew {
            return Ok(None);
        }
        self.lines = Lines::new(self.newlines);
        self.writer.recall().map_err(|error| cannot_write(&error))
    }

    pub(super) fn add(&mut self, piece: Piece<'_>) -> Result<(), EngineError> {
        let writer = &mut self.writer;
        let write = |stream, at, bytes: &[u8]| writer.append_new(stream, at, bytes);
        self.lines
            .accept(piece, write)
            .map_err(|error| cannot_write(&error))?;
        self.pieces += 1;
        self.bytes += piece.stamped.len() as u64;
        self.last.0 = piece.stream;
        self.last.1.clear();
        self.last.1.extend_from_slice(piece.stamped);
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        let flushed = self.writer.writer.flush();
        flushed.map_err(|error| cannot_write(&error))
    }

    /// Whether the engine's last piece is ours too. Fragments of one line bear the same time and may bear the
    /// same bytes, so a fragment proves nothing.
    pub(super) fn ends_with(&self, last: Piece<'_>) -> bool {
        self.pieces > 0
            && (self.last.0, self.last.1.as_slice()) == (last.stream, last.stamped)
            && !last.is_fragment()
    }

    pub(super) fn finish(self) -> Result<(), EngineError> {
        let finished = self.writer.writer.finish();
        finished.map_err(|error| cannot_write(&error))
    }
}

/// A log, and what of it the engine hands out again.
pub(super) struct Log {
    directory: PathBuf,
    writer: LogWriter,
    /// What was written before and is to come again, in its order.
    known: VecDeque<KnownPiece>,
    /// When the first of it arrived, until it has come: what the engine hands out before it was dropped here.
    dropped_until: Option<Timestamp>,
}

impl Log {
    /// Appends what is not known.
    pub(super) fn append_new(
        &mut self,
        stream: Stream,
        at: Timestamp,
        bytes: &[u8],
    ) -> std::io::Result<()> {
        let piece = KnownPiece {
            stream,
            at,
            length: bytes.len(),
        };
        if self
            .known
            .back()
            .is_some_and(|last| is_long_after(at, last.at))
        {
            self.known.clear();
        }
        // What comes before it in the log is what the engine has dropped since.
        if let Some(place) = self.known.iter().position(|known| *known == piece) {
            self.known.drain(..=place);
            self.dropped_until = None;
            return Ok(());
        }
        if self.dropped_until.is_some_and(|until| at <= until) {
            return Ok(());
        }
        self.writer.append(stream, at, bytes)
    }

    /// Remembers the end of the log; since when.
    fn recall(&mut self) -> std::io::Result<Option<Timestamp>> {
        self.writer.flush()?;
        let Some(last) = self.writer.last_at() else {
            return Ok(None);
        };
        let since = last.saturating_sub(OVERLAP).unwrap_or(last);
        self.known = known_since(&self.directory, since)
            .map_err(std::io::Error::other)?
            .into();
        self.dropped_until = self.known.front().map(|first| first.at);
        Ok(Some(since))
    }
}

fn is_long_after(at: Timestamp, before: Timestamp) -> bool {
    before.saturating_add(OVERLAP).is_ok_and(|then| at > then)
}

pub(super) fn cannot_write(error: &std::io::Error) -> EngineError {
    file_error("write the log", error)
}
