//! From the pieces in which an engine hands out a log back to the bytes that the program wrote.
//!
//! Docker splits lines of more than 16 KiB into fragments and stamps every piece with a time. With Docker's
//! `local` driver the last fragment of such a line lacks its newline in older engines (20.10); whether there was
//! one shows only when the stream goes on: a fragment that is shorter than the others ends a line, unless it ends
//! the stream. Pure: pieces in, bytes out.

use jiff::Timestamp;

use crate::log::Stream;

/// The size in bytes at which Docker splits a line.
pub(super) const FRAGMENT_BYTES: usize = 16 * 1024;

/// The most bytes that a time in RFC 3339 takes.
const TIME_BYTES: usize = 40;

/// The bytes of a time as Docker writes it: `2026-01-02T03:04:05.000000006Z`.
const PLAIN_TIME_BYTES: usize = 30;

/// A piece as the engine handed it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) stream: Stream,
    /// The time, a space, and what was written.
    pub(super) stamped: &'a [u8],
    /// When it came, of a piece that is handed out without a time.
    came: Option<Timestamp>,
}

impl<'a> Piece<'a> {
    pub(super) fn new(stream: Stream, stamped: &'a [u8]) -> Self {
        Self {
            stream,
            stamped,
            came: None,
        }
    }

    /// One that has no time of its own.
    pub(super) fn without_time(stream: Stream, bytes: &'a [u8], came: Timestamp) -> Self {
        Self {
            stream,
            stamped: bytes,
            came: Some(came),
        }
    }

    /// The same without what is known of it already, which is counted down.
    pub(super) fn after(self, known: &mut u64) -> Self {
        let passed = usize::try_from(*known)
            .map_or(self.stamped.len(), |known| known.min(self.stamped.len()));
        *known -= passed as u64;
        Self {
            stamped: &self.stamped[passed..],
            ..self
        }
    }

    /// When it was written, and what. A piece without a time is all content.
    pub(super) fn split(self) -> (Option<Timestamp>, &'a [u8]) {
        if self.came.is_some() {
            return (self.came, self.stamped);
        }
        let head = &self.stamped[..self.stamped.len().min(TIME_BYTES)];
        let time = head
            .iter()
            .position(|byte| *byte == b' ')
            .and_then(|space| {
                let time = std::str::from_utf8(&head[..space]).ok()?.parse().ok()?;
                Some((time, &self.stamped[space + 1..]))
            });
        time.map_or((None, self.stamped), |(time, content)| {
            (Some(time), content)
        })
    }

    /// Whether more of the same line follows.
    pub(super) fn is_fragment(self) -> bool {
        let (_, content) = self.split();
        content.len() == FRAGMENT_BYTES && !content.ends_with(b"\n")
    }
}

/// What of a log is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nobody knows.
    MayCome,
    /// Nothing.
    IsHere,
}

/// The piece at the start of what a terminal showed, when it is whole: a time and a line, or a fragment of one.
/// `open_line` tells of the piece before whether it was such a fragment, and is set for the next.
///
/// Where the newline of a long line was lost, only the time of the next line tells where it ends.
pub(super) fn plain_piece<'a>(
    bytes: &'a [u8],
    rest: Rest,
    open_line: &mut bool,
) -> Option<&'a [u8]> {
    let head = bytes.len() - Piece::new(Stream::Stdout, bytes).split().1.len();
    let content = &bytes[head..];
    let line = content
        .iter()
        .take(FRAGMENT_BYTES)
        .position(|byte| *byte == b'\n')
        .map(|at| at + 1);
    let full = content.len() >= FRAGMENT_BYTES || rest == Rest::IsHere && !bytes.is_empty();
    let whole = line.or(full.then(|| content.len().min(FRAGMENT_BYTES)))?;
    let cut = open_line.then(|| time_in(&content[..whole])).flatten();
    *open_line = line.is_none() && cut.is_none();
    Some(&bytes[..head + cut.unwrap_or(whole)])
}

/// Where a time begins that the engine wrote, behind something else.
fn time_in(content: &[u8]) -> Option<usize> {
    let zones = content
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| *pair == b"Z ");
    let begins = zones.filter_map(|(at, _)| (at + 1).checked_sub(PLAIN_TIME_BYTES));
    let mut begins = begins.filter(|begin| *begin > 0);
    begins.find(|begin| {
        Piece::new(Stream::Stdout, &content[*begin..])
            .split()
            .0
            .is_some()
    })
}

/// Whether lost newlines are to be put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newlines {
    /// The engine keeps them all.
    Kept,
    /// The engine may have lost those at the end of long lines.
    MayBeLost,
}

/// Puts lost newlines back.
#[derive(Debug)]
pub(super) struct Lines {
    newlines: Newlines,
    last: Timestamp,
    stdout: Tail,
    stderr: Tail,
}

/// How the last piece of a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// With a newline, or at the end of the stream.
    Closed,
    /// In the middle of a long line.
    Open,
    /// With a short fragment of a long line: a newline is owed if the stream goes on.
    Owing(Timestamp),
}

impl Lines {
    pub(super) fn new(newlines: Newlines) -> Self {
        Self {
            newlines,
            last: Timestamp::UNIX_EPOCH,
            stdout: Tail::Closed,
            stderr: Tail::Closed,
        }
    }

    /// Hands the bytes of the next piece to `write`, after a newline that turns out to have been lost.
    pub(super) fn accept<E>(
        &mut self,
        piece: Piece<'_>,
        mut write: impl FnMut(Stream, Timestamp, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (time, content) = piece.split();
        let at = time.unwrap_or(self.last);
        self.last = at;
        let may_be_lost = self.newlines == Newlines::MayBeLost;
        let tail = self.tail(piece.stream);
        if let Tail::Owing(owed_at) = *tail {
            write(piece.stream, owed_at, b"\n")?;
            *tail = Tail::Closed;
        }
        let was_open = *tail == Tail::Open;
        *tail = match content {
            [.., b'\n'] => Tail::Closed,
            _ if content.len() == FRAGMENT_BYTES => Tail::Open,
            _ if was_open && may_be_lost => Tail::Owing(at),
            _ => Tail::Closed,
        };
        write(piece.stream, at, content)
    }

    /// The streams that ended with a piece of which nobody can tell whether a newline followed, and when.
    pub(super) fn undecided(&self) -> Vec<(Stream, Timestamp)> {
        [(Stream::Stdout, self.stdout), (Stream::Stderr, self.stderr)]
            .into_iter()
            .filter_map(|(stream, tail)| match tail {
                Tail::Owing(at) => Some((stream, at)),
                Tail::Closed | Tail::Open => None,
            })
            .collect()
    }

    fn tail(&mut self, stream: Stream) -> &mut Tail {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-01-02T03:04:05.000000006Z";

    /// What comes out of the pieces, both streams in one, and how many streams stay undecided.
    fn joined(newlines: Newlines, pieces: &[(Stream, &str)]) -> (String, usize) {
        let mut lines = Lines::new(newlines);
        let mut bytes = Vec::new();
        for (stream, content) in pieces {
            let write = |_: Stream, _: Timestamp, more: &[u8]| {
                bytes.extend_from_slice(more);
                Ok::<_, ()>(())
            };
            let stamped = format!("{TIME} {content}");
            lines
                .accept(Piece::new(*stream, stamped.as_bytes()), write)
                .unwrap();
        }
        (String::from_utf8(bytes).unwrap(), lines.undecided().len())
    }

    fn stdout(content: &str) -> (Stream, &str) {
        (Stream::Stdout, content)
    }

    #[test]
    fn a_piece_is_a_time_and_bytes() {
        let split = |stamped| Piece::new(Stream::Stdout, stamped).split();
        let stamped = format!("{TIME} a b\n");
        assert_eq!(
            split(stamped.as_bytes()),
            (Some(TIME.parse().unwrap()), b"a b\n".as_slice())
        );
        let zoned = split(b"2026-01-02T03:04:05+01:00 x");
        assert_eq!(
            zoned,
            (
                Some("2026-01-02T02:04:05Z".parse().unwrap()),
                b"x".as_slice()
            )
        );
        assert_eq!(split(b"no time"), (None, b"no time".as_slice()));
    }

    #[test]
    fn newlines_lost_in_the_middle_come_back() {
        let full = "x".repeat(FRAGMENT_BYTES);
        let pieces = [
            stdout(&full),
            stdout("end"),
            (Stream::Stderr, "other\n"),
            stdout("next\n"),
        ];
        let expected = format!("{full}endother\n\nnext\n");
        assert_eq!(joined(Newlines::MayBeLost, &pieces), (expected, 0));
        // A line of exactly one fragment leaves an empty piece where its newline was.
        let exact = [stdout(&full), stdout(""), stdout("next\n")];
        assert_eq!(
            joined(Newlines::MayBeLost, &exact),
            (format!("{full}\nnext\n"), 0)
        );
    }

    #[test]
    fn only_the_end_of_a_stream_stays_undecided() {
        let full = "x".repeat(FRAGMENT_BYTES);
        assert_eq!(
            joined(Newlines::MayBeLost, &[stdout(&full), stdout("end")]).1,
            1
        );
        // A whole fragment at the end, or a short piece that continues nothing, has no newline.
        assert_eq!(
            joined(Newlines::MayBeLost, &[stdout(&full), stdout(&full)]).1,
            0
        );
        assert_eq!(
            joined(Newlines::MayBeLost, &[stdout("a\n"), stdout("end")]).1,
            0
        );
    }

    #[test]
    fn an_engine_that_keeps_newlines_gets_none_added() {
        let full = "x".repeat(FRAGMENT_BYTES);
        let pieces = [stdout(&full), stdout("end\n"), stdout(&full), stdout("end")];
        let expected = format!("{full}end\n{full}end");
        assert_eq!(
            joined(Newlines::MayBeLost, &pieces[..3]).0,
            format!("{full}end\n{full}")
        );
        assert_eq!(joined(Newlines::Kept, &pieces), (expected, 0));
    }
}
