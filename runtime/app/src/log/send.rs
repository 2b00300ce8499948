//! Pieces of logs in the forms in which they are sent.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use coracle_host::log::{Chunk, Stream as Output};
use futures_util::stream::{self, Stream, StreamExt};
use jiff::Timestamp;

use super::piece::{AttemptName, PieceStream, Pieces};
use crate::error::AppError;
use crate::view::{LogLine, LogStream};

/// The longest line that is kept together.
const LONGEST_LINE: usize = 256 * 1024;

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

/// One [`LogLine`] as JSON on each line.
pub(super) fn lines(pieces: PieceStream) -> impl Stream<Item = Result<Bytes, AppError>> + Send {
    let state = Some((pieces, Splitter::default()));
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

/// Puts lines together from pieces, each stream of each attempt on its own.
#[derive(Default)]
struct Splitter {
    open: HashMap<(AttemptName, Output), (Timestamp, Vec<u8>)>,
}

impl Splitter {
    fn add(&mut self, pieces: &Pieces) -> Bytes {
        let mut out = Vec::new();
        for chunk in &pieces.chunks {
            self.add_chunk(&pieces.of, chunk, &mut out);
        }
        out.into()
    }

    fn add_chunk(&mut self, of: &AttemptName, chunk: &Chunk, out: &mut Vec<u8>) {
        let key = (of.clone(), chunk.stream);
        for part in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
            let (at, line) = self
                .open
                .entry(key.clone())
                .or_insert_with(|| (chunk.at, Vec::new()));
            line.extend_from_slice(part);
            if line.ends_with(b"\n") || line.len() >= LONGEST_LINE {
                write_line(of, chunk.stream, *at, line, out);
                self.open.remove(&key);
            }
        }
    }

    fn finish(self) -> Bytes {
        let mut open: Vec<_> = self.open.into_iter().collect();
        open.sort_by_key(|(_, (at, _))| *at);
        let mut out = Vec::new();
        for ((of, stream), (at, line)) in open {
            write_line(&of, stream, at, &line, &mut out);
        }
        out.into()
    }
}

fn write_line(of: &AttemptName, stream: Output, at: Timestamp, line: &[u8], out: &mut Vec<u8>) {
    let text = line
        .strip_suffix(b"\n")
        .map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = LogLine {
        step: of.step.clone(),
        attempt: of.number,
        stream: match stream {
            Output::Stdout => LogStream::Stdout,
            Output::Stderr => LogStream::Stderr,
        },
        at,
        text: String::from_utf8_lossy(text).into_owned(),
    };
    serde_json::to_writer(&mut *out, &line).expect("a line has only texts and numbers");
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use coracle_model::AttemptNumber;

    fn pieces(step: &str, texts: &[(Output, &str)]) -> Pieces {
        let chunks = texts
            .iter()
            .enumerate()
            .map(|(place, (stream, text))| Chunk {
                record: place as u64,
                offset: 0,
                stream: *stream,
                at: Timestamp::from_second(place as i64).unwrap(),
                bytes: Bytes::copy_from_slice(text.as_bytes()),
            });
        Pieces {
            of: AttemptName {
                step: step.into(),
                number: AttemptNumber(1),
            },
            chunks: chunks.collect(),
        }
    }

    #[test]
    fn lines_are_put_together_for_each_stream() {
        use Output::{Stderr, Stdout};
        let mut splitter = Splitter::default();
        let mut out = splitter
            .add(&pieces(
                "a",
                &[
                    (Stdout, "one\ntw"),
                    (Stderr, "oops\r\n"),
                    (Stdout, "o\nlast"),
                ],
            ))
            .to_vec();
        out.extend(splitter.finish());
        let lines: Vec<LogLine> = out
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.at.as_second(), line.stream, line.text.as_str()))
            .collect();
        use LogStream::{Stderr as Err, Stdout as Out};
        assert_eq!(
            told,
            [
                (0, Out, "one"),
                (1, Err, "oops"),
                (0, Out, "two"),
                (2, Out, "last")
            ]
        );
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
            out.extend(headed.add(&pieces(step, &[(Output::Stdout, text)])));
        }
        let expected =
            "==> a (attempt 1) <==\n1\n2\n\n==> b (attempt 1) <==\n3\n\n==> a (attempt 1) <==\n4\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
