//! Lines out of the pieces of one attempt's log, and how much of the log they account for.

use std::borrow::Cow;

use bytes::Bytes;
use coracle_host::log::{Chunk, Stream};
use jiff::Timestamp;

use super::piece::AttemptName;
use crate::view::{LogLine, LogPosition, LogStream};

/// The longest line that is kept together.
const LONGEST_LINE: usize = 256 * 1024;

/// A line, or a part of one that is too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) stream: Stream,
    /// When its beginning arrived.
    pub(super) at: Timestamp,
    /// As it was written, its end included.
    text: Bytes,
    /// What was handed out once this line was.
    pub(super) after: LogPosition,
}

impl Line {
    /// The line as others see it.
    pub(super) fn present(&self, of: &AttemptName) -> LogLine {
        LogLine {
            step: of.step.clone(),
            attempt: of.number,
            stream: self.stream(),
            at: self.at,
            text: self.text().into_owned(),
        }
    }

    /// Where it was written.
    pub(super) fn stream(&self) -> LogStream {
        match self.stream {
            Stream::Stdout => LogStream::Stdout,
            Stream::Stderr => LogStream::Stderr,
        }
    }

    /// Its bytes without its end.
    pub(super) fn bytes(&self) -> &[u8] {
        let line = &self.text[..];
        line.strip_suffix(b"\n")
            .map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Its text without its end; what is not UTF-8 is replaced.
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }
}

/// Puts lines together, those of standard output and of standard error apart.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// What was handed out before; it is passed over.
    from: LogPosition,
    /// Everything before this was taken in.
    seen: u64,
    stdout: Option<Open>,
    stderr: Option<Open>,
}

/// A line whose end has not come.
#[derive(Debug)]
struct Open {
    at: Timestamp,
    start: u64,
    text: Vec<u8>,
}

impl Splitter {
    /// One that goes on where another was.
    pub(super) fn after(from: LogPosition) -> Self {
        Self {
            from,
            ..Self::default()
        }
    }

    /// Takes a piece in and gives back the lines that end in it.
    pub(super) fn add(&mut self, chunk: &Chunk) -> Vec<Line> {
        let known = self
            .handed_out_before(chunk.stream)
            .saturating_sub(chunk.offset);
        let known = usize::try_from(known)
            .unwrap_or(usize::MAX)
            .min(chunk.bytes.len());
        let mut lines = Vec::new();
        let mut place = chunk.offset + known as u64;
        let mut within = known;
        for part in chunk.bytes[known..].split_inclusive(|byte| *byte == b'\n') {
            let start = place;
            place += part.len() as u64;
            self.seen = self.seen.max(place);
            let slot = self.slot(chunk.stream);
            if slot.is_none() && part.ends_with(b"\n") {
                // Nearly all lines: they share the memory of their piece.
                lines.push(Line {
                    stream: chunk.stream,
                    at: chunk.at,
                    text: chunk.bytes.slice(within..within + part.len()),
                    after: self.position(),
                });
            } else {
                let open = slot.get_or_insert_with(|| Open {
                    at: chunk.at,
                    start,
                    text: Vec::new(),
                });
                open.text.extend_from_slice(part);
                if part.ends_with(b"\n") || open.text.len() >= LONGEST_LINE {
                    lines.extend(self.take(chunk.stream));
                }
            }
            within += part.len();
        }
        self.seen = self.seen.max(place);
        lines
    }

    /// Everything before this place was taken in.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// How many lines have no end yet.
    pub(super) fn open(&self) -> u64 {
        u64::from(self.stdout.is_some()) + u64::from(self.stderr.is_some())
    }

    /// Gives back what has no end and will have none, in the order in which it began.
    pub(super) fn finish(&mut self) -> Vec<Line> {
        let mut order = [Stream::Stdout, Stream::Stderr];
        order.sort_by_key(|stream| self.slot(*stream).as_ref().map(|open| open.start));
        order
            .into_iter()
            .filter_map(|stream| self.take(stream))
            .collect()
    }

    fn take(&mut self, stream: Stream) -> Option<Line> {
        let open = self.slot(stream).take()?;
        Some(Line {
            stream,
            at: open.at,
            text: open.text.into(),
            after: self.position(),
        })
    }

    fn position(&self) -> LogPosition {
        // Between the end of one stream's last line and what was taken in, there is only the other's.
        let handed_out = |open: &Option<Open>, before: u64| {
            open.as_ref()
                .map_or(self.seen.max(before), |open| open.start)
        };
        LogPosition {
            stdout: handed_out(&self.stdout, self.from.stdout),
            stderr: handed_out(&self.stderr, self.from.stderr),
        }
    }

    fn handed_out_before(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Stdout => self.from.stdout,
            Stream::Stderr => self.from.stderr,
        }
    }

    fn slot(&mut self, stream: Stream) -> &mut Option<Open> {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use Stream::{Stderr, Stdout};

    /// Pieces that follow each other in one file.
    fn chunks(texts: &[(Stream, &str)]) -> Vec<Chunk> {
        let mut offset = 0;
        let chunk = |(place, (stream, text)): (usize, &(Stream, &str))| {
            let chunk = Chunk {
                record: place as u64,
                offset,
                stream: *stream,
                at: Timestamp::from_second(place as i64).unwrap(),
                bytes: Bytes::copy_from_slice(text.as_bytes()),
            };
            offset += text.len() as u64;
            chunk
        };
        texts.iter().enumerate().map(chunk).collect()
    }

    fn lines(splitter: &mut Splitter, chunks: &[Chunk]) -> Vec<Line> {
        let mut lines: Vec<Line> = chunks
            .iter()
            .flat_map(|chunk| splitter.add(chunk))
            .collect();
        lines.extend(splitter.finish());
        lines
    }

    fn told(lines: &[Line]) -> Vec<(i64, Stream, String)> {
        lines
            .iter()
            .map(|line| {
                let text = String::from_utf8(line.text.to_vec()).unwrap();
                (line.at.as_second(), line.stream, text)
            })
            .collect()
    }

    const MIXED: [(Stream, &str); 6] = [
        (Stdout, "one\ntw"),
        (Stderr, "oops\r\nno"),
        (Stdout, "o\nthree\nfo"),
        (Stderr, "t yet\n\nlast"),
        (Stdout, "ur"),
        (Stderr, " words"),
    ];

    #[test]
    fn lines_are_put_together_for_each_stream() {
        let expected = [
            (0, Stdout, "one\n"),
            (1, Stderr, "oops\r\n"),
            (0, Stdout, "two\n"),
            (2, Stdout, "three\n"),
            (1, Stderr, "not yet\n"),
            (3, Stderr, "\n"),
            (2, Stdout, "four"),
            (3, Stderr, "last words"),
        ];
        let expected: Vec<_> = expected
            .map(|(at, stream, text)| (at, stream, text.to_owned()))
            .into();
        let all = lines(&mut Splitter::default(), &chunks(&MIXED));
        assert_eq!(told(&all), expected);
    }

    /// The pieces from a byte on, as a reader gives them.
    fn from(chunks: &[Chunk], start: u64) -> Vec<Chunk> {
        let cut = |chunk: &Chunk| {
            let known = start.saturating_sub(chunk.offset) as usize;
            (known < chunk.bytes.len()).then(|| Chunk {
                offset: chunk.offset + known as u64,
                bytes: chunk.bytes.slice(known..),
                ..chunk.clone()
            })
        };
        chunks.iter().filter_map(cut).collect()
    }

    #[test]
    fn after_any_line_the_rest_comes_once() {
        let chunks = chunks(&MIXED);
        let all = lines(&mut Splitter::default(), &chunks);
        for (place, line) in all.iter().enumerate() {
            let after = line.after;
            let rest = from(&chunks, after.start());
            let rest = lines(&mut Splitter::after(after), &rest);
            assert_eq!(rest, all[place + 1..], "after {line:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_comes_in_parts() {
        let long = "x".repeat(LONGEST_LINE + 5);
        let chunks = chunks(&[(Stdout, &long[..LONGEST_LINE]), (Stdout, &long[..5])]);
        let all = lines(&mut Splitter::default(), &chunks);
        let lengths: Vec<usize> = all.iter().map(|line| line.text.len()).collect();
        assert_eq!(lengths, [LONGEST_LINE, 5]);
        assert_eq!(all[0].after.start(), LONGEST_LINE as u64);
    }
}
