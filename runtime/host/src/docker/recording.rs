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
                known_until: None,
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
    /// When the newest of it arrived.
    known_until: Option<Timestamp>,
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
        let newer = self.known_until.is_none_or(|until| at > until);
        let dropped = self.dropped_until.is_some_and(|until| at < until);
        if !newer && (dropped || self.take_known(stream, at, bytes.len())) {
            return Ok(());
        }
        self.writer.append(stream, at, bytes)
    }

    /// Whether a piece is known, and what comes before it in the log with it: the engine has dropped that since.
    fn take_known(&mut self, stream: Stream, at: Timestamp, length: usize) -> bool {
        let piece = KnownPiece { stream, at, length };
        let Some(place) = self.known.iter().position(|known| *known == piece) else {
            return self.dropped_until == Some(at);
        };
        self.known.drain(..=place);
        self.dropped_until = None;
        true
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
        self.known_until = self.known.iter().map(|piece| piece.at).max();
        self.dropped_until = self.known.front().map(|first| first.at);
        Ok(Some(since))
    }
}

pub(super) fn cannot_write(error: &std::io::Error) -> EngineError {
    file_error("write the log", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{LogReader, Only};

    const WHOLE: Keep = Keep::End(1 << 30);

    /// Lines as an engine hands them out: one each tenth of a second.
    fn add(recording: &mut Recording, numbers: impl IntoIterator<Item = i64>) {
        for number in numbers {
            let at = Timestamp::from_millisecond(number * 100).unwrap();
            let stamped = format!("{at:.9} {number}\n");
            let piece = Piece::new(Stream::Stdout, stamped.as_bytes());
            recording.add(piece).unwrap();
        }
        recording.flush().unwrap();
    }

    fn resumed(directory: &Path) -> (Recording, Option<Timestamp>) {
        let mut recording = Recording::resume(directory, WHOLE, Newlines::Kept).unwrap();
        let since = recording.begin_again().unwrap();
        (recording, since)
    }

    fn lines(directory: &Path) -> Vec<i64> {
        let mut reader = LogReader::open(directory).unwrap().only(Only::Both);
        let text = reader.read_to_end(usize::MAX).unwrap();
        let text = String::from_utf8(text).unwrap();
        text.lines().map(|line| line.parse().unwrap()).collect()
    }

    #[test]
    fn what_is_known_is_passed_over_and_what_was_missed_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let (mut recording, since) = resumed(directory.path());
        assert_eq!(since, None);
        add(&mut recording, (1..=40).filter(|number| *number != 35));
        drop(recording);
        let (mut recording, since) = resumed(directory.path());
        assert_eq!(since, Some(Timestamp::from_second(2).unwrap()));
        add(&mut recording, 20..=50);
        recording.finish().unwrap();
        let missed = (1..=40).filter(|number| *number != 35).chain([35]);
        assert_eq!(
            lines(directory.path()),
            missed.chain(41..=50).collect::<Vec<_>>()
        );
    }

    #[test]
    fn an_engine_may_have_dropped_what_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let (mut recording, _) = resumed(directory.path());
        add(&mut recording, 1..=40);
        drop(recording);
        let (mut recording, _) = resumed(directory.path());
        add(&mut recording, 38..=45);
        drop(recording);
        // All of it, and lines that nobody heard.
        let (mut recording, _) = resumed(directory.path());
        add(&mut recording, 90..=95);
        assert_eq!(
            lines(directory.path()),
            (1..=45).chain(90..=95).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_was_dropped_here_does_not_come_back() {
        let directory = tempfile::tempdir().unwrap();
        // Within the overlap, and far more than is kept.
        let at = |number: i64| Timestamp::from_microsecond(number).unwrap();
        let add = |recording: &mut Recording| {
            for number in 0..100_000 {
                let stamped = format!("{:.9} {number}\n", at(number));
                let piece = Piece::new(Stream::Stdout, stamped.as_bytes());
                recording.add(piece).unwrap();
            }
            recording.flush().unwrap();
        };
        let resume = || {
            let keep = Keep::End(1 << 20);
            let mut recording = Recording::resume(directory.path(), keep, Newlines::Kept).unwrap();
            recording.begin_again().unwrap();
            recording
        };
        add(&mut resume());
        let kept = lines(directory.path());
        assert!(kept[0] > 0);
        add(&mut resume());
        assert_eq!(lines(directory.path()), kept);
    }
}
