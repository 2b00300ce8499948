//! Pieces of logs in the forms in which they are sent.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use coracle_host::log::Chunk;
use coracle_model::{AttemptNumber, TaskPath, Timestamp};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;

use super::piece::{AttemptName, PieceStream, Pieces};
use super::split::{Line, Splitter};
use crate::error::AppError;
use crate::view::{LogPosition, LogStream};

/// The bytes as they were written.
pub(super) fn bytes(pieces: PieceStream) -> impl Stream<Item = Result<Bytes, AppError>> + Send {
    pieces.map(|pieces| Ok(joined(&pieces?.chunks)))
}

/// The same, with a line before what another attempt wrote.
pub(super) fn bytes_with_headers(
    pieces: PieceStream,
) -> impl Stream<Item = Result<Bytes, AppError>> + Send {
    let mut state = Headed {
        current: None,
        at_line_start: true,
    };
    pieces.map(move |pieces| Ok(state.add(&pieces?)))
}

struct Headed {
    current: Option<AttemptName>,
    at_line_start: bool,
}

impl Headed {
    fn add(&mut self, pieces: &Pieces) -> Bytes {
        let text = joined(&pieces.chunks);
        let Some(last) = text.last() else { return text };
        let header = (self.current.as_ref() != Some(&pieces.of)).then(|| self.header(&pieces.of));
        self.at_line_start = *last == b'\n';
        let Some(header) = header else { return text };
        let mut out = BytesMut::with_capacity(header.len() + text.len());
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(&text);
        out.freeze()
    }

    fn header(&mut self, of: &AttemptName) -> String {
        let first = self.current.replace(of.clone()).is_none();
        let gap = match (first, self.at_line_start) {
            (true, _) => "",
            (false, true) => "\n",
            (false, false) => "\n\n",
        };
        format!("{gap}==> {} (attempt {}) <==\n", of.step, of.number)
    }
}

fn joined(chunks: &[Chunk]) -> Bytes {
    if let [chunk] = chunks {
        return chunk.bytes.clone();
    }
    let mut all = BytesMut::with_capacity(chunks.iter().map(|chunk| chunk.bytes.len()).sum());
    chunks
        .iter()
        .for_each(|chunk| all.extend_from_slice(&chunk.bytes));
    all.freeze()
}

/// One [`LogLine`](crate::view::LogLine) as JSON on each line. `begun` are the attempts of which a part is not sent.
pub(super) fn lines(
    pieces: PieceStream,
    begun: impl IntoIterator<Item = (AttemptName, LogPosition)>,
) -> impl Stream<Item = Result<Bytes, AppError>> + Send {
    let of = begun
        .into_iter()
        .map(|(name, position)| (name, Splitter::after(position)))
        .collect();
    let state = Some((pieces, Splitters { of }));
    stream::try_unfold(state, |state| async move {
        let Some((mut pieces, mut splitter)) = state else {
            return Ok(None);
        };
        match pieces.next().await.transpose()? {
            Some(more) => {
                let text = splitter.add(&more);
                Ok(Some((text, Some((pieces, splitter)))))
            }
            None => Ok(Some((splitter.finish(), None))),
        }
    })
}

/// Puts lines together, those of each attempt on their own.
#[derive(Default)]
struct Splitters {
    of: HashMap<AttemptName, Splitter>,
}

impl Splitters {
    fn add(&mut self, pieces: &Pieces) -> Bytes {
        let splitter = match self.of.get_mut(&pieces.of) {
            Some(splitter) => splitter,
            None => self.of.entry(pieces.of.clone()).or_default(),
        };
        let mut out = Vec::new();
        for line in pieces.chunks.iter().flat_map(|chunk| splitter.add(chunk)) {
            write_line(&pieces.of, &line, &mut out);
        }
        out.into()
    }

    fn finish(self) -> Bytes {
        let of_attempt = |(of, mut splitter): (AttemptName, Splitter)| {
            let lines = splitter.finish().into_iter();
            lines.map(move |line| (of.clone(), line))
        };
        let mut open: Vec<_> = self.of.into_iter().flat_map(of_attempt).collect();
        open.sort_by_key(|(_, line)| line.at);
        let mut out = Vec::new();
        for (of, line) in open {
            write_line(&of, &line, &mut out);
        }
        out.into()
    }
}

/// A [`LogLine`](crate::view::LogLine) that is written from where it is: there may be millions of them.
#[derive(Serialize)]
struct Sent<'line> {
    step: &'line TaskPath,
    attempt: AttemptNumber,
    stream: LogStream,
    at: Timestamp,
    text: Cow<'line, str>,
}

fn write_line(of: &AttemptName, line: &Line, out: &mut Vec<u8>) {
    let sent = Sent {
        step: &of.step,
        attempt: of.number,
        stream: line.stream(),
        at: line.at,
        text: line.text(),
    };
    serde_json::to_writer(&mut *out, &sent).expect("a line has only texts and numbers");
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use coracle_host::log::Stream as Output;

    use super::*;
    use crate::view::LogLine;

    fn pieces(step: &str, text: &str) -> Pieces {
        let chunk = Chunk {
            record: 0,
            offset: 0,
            stream: Output::Stdout,
            at: Timestamp::UNIX_EPOCH,
            bytes: Bytes::copy_from_slice(text.as_bytes()),
        };
        Pieces {
            of: AttemptName {
                step: step.into(),
                number: AttemptNumber(1),
            },
            chunks: vec![chunk],
        }
    }

    #[test]
    fn lines_of_attempts_are_kept_apart() {
        let mut splitters = Splitters::default();
        let mut out = Vec::new();
        for (step, text) in [("a", "one\ntw"), ("b", "1"), ("a", "o\n")] {
            out.extend(splitters.add(&pieces(step, text)));
        }
        out.extend(splitters.finish());
        let lines = out.split(|byte| *byte == b'\n');
        let lines: Vec<LogLine> = lines
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.step.as_str(), line.text.as_str()))
            .collect();
        assert_eq!(told, [("a", "one"), ("a", "two"), ("b", "1")]);
    }

    #[test]
    fn a_header_stands_where_another_step_begins() {
        let mut headed = Headed {
            current: None,
            at_line_start: true,
        };
        let mut out = Vec::new();
        for (step, text) in [
            ("a", "1\n"),
            ("a", "2"),
            ("b", "3\n"),
            ("b", ""),
            ("a", "4\n"),
        ] {
            out.extend(headed.add(&pieces(step, text)));
        }
        let expected =
            "==> a (attempt 1) <==\n1\n2\n\n==> b (attempt 1) <==\n3\n\n==> a (attempt 1) <==\n4\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
