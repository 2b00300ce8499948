//! Reading a container's log from the engine, fast.
//!
//! The engine writes every line by itself. Through bollard each of them crosses two tasks and a channel, which
//! makes a long log three times slower than `docker logs`. Here the socket is read directly: one request in
//! HTTP/1.0, to which the answer is plain bytes until the connection closes. An engine that dies closes it too, so
//! the end of the stream alone says nothing about the container.

use std::io;

use bytes::{Buf, BytesMut};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::DockerEngine;
use super::error::Fault;
use super::frames::{self, Piece, Rest};
use super::raw::{self, HEAD_LIMIT};
use crate::engine::{Connection, WorkloadName};
use crate::log::Stream;

/// Room that is made for each read.
const READ_BYTES: usize = 256 * 1024;
/// Before each piece: its stream, three zeros, and its length.
const PIECE_HEADER_BYTES: usize = 8;

/// What to read of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it, or all since a time, and what comes, until the container ends.
    Follow(Option<Timestamp>),
    /// All that is there, or all since a time.
    Whole(Option<Timestamp>),
    /// The last piece.
    Last,
}

impl Part {
    fn query(self) -> String {
        let since = |since: Option<Timestamp>| {
            since.map_or_else(String::new, |since| {
                let nanoseconds = since.as_nanosecond();
                let (seconds, rest) = (
                    nanoseconds.div_euclid(1_000_000_000),
                    nanoseconds.rem_euclid(1_000_000_000),
                );
                format!("&since={seconds}.{rest:09}")
            })
        };
        match self {
            Self::Follow(from) => {
                format!("stdout=1&stderr=1&tail=all&follow=1{}", since(from))
            }
            Self::Whole(from) => format!("stdout=1&stderr=1&tail=all{}", since(from)),
            Self::Last => "stdout=1&stderr=1&tail=1".to_owned(),
        }
    }
}

/// How a log is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// In pieces that tell their stream and length.
    Framed,
    /// One piece after the other: what a terminal showed.
    Plain,
    /// As it was written, without times: what a terminal showed, where times would come in the middle of lines.
    Bare,
}

/// A log as it arrives.
pub(super) struct LogStream {
    connection: Box<dyn Connection>,
    buffer: BytesMut,
    head: Head,
    /// Whether a line that was left open, and its newline with it, may have been lost.
    open_line: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Awaited,
    Read,
}

impl DockerEngine {
    /// Asks for a log. The answer is awaited by [`LogStream::fill`]: some engines give none before there is output.
    pub(super) async fn open_log(
        &self,
        name: &WorkloadName,
        part: Part,
        framing: Framing,
    ) -> Result<LogStream, Fault> {
        let mut connection = raw::connect(&self.engine.address).await?;
        let version = self.docker.client_version();
        let request = format!(
            "GET /v{version}/containers/{name}/logs?{}&timestamps={} HTTP/1.0\r\nHost: docker\r\n\r\n",
            part.query(),
            u8::from(framing != Framing::Bare)
        );
        connection.write_all(request.as_bytes()).await?;
        Ok(LogStream {
            connection,
            buffer: BytesMut::new(),
            head: Head::Awaited,
            open_line: false,
        })
    }
}

impl LogStream {
    /// Awaits more bytes; false when there are no more. Cancel-safe.
    pub(super) async fn fill(&mut self) -> Result<bool, Fault> {
        loop {
            if self.head == Head::Awaited && self.take_head()? {
                self.head = Head::Read;
                if !self.buffer.is_empty() {
                    return Ok(true);
                }
            }
            self.buffer.reserve(READ_BYTES);
            let read = self.connection.read_buf(&mut self.buffer).await?;
            match self.head {
                Head::Read => return Ok(read > 0),
                Head::Awaited if read == 0 => return Err(self.refusal()),
                Head::Awaited => {}
            }
        }
    }

    /// Hands every whole piece that has arrived to `each`.
    pub(super) fn drain<E>(
        &mut self,
        framing: Framing,
        now: Timestamp,
        mut each: impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut used = 0;
        let mut result = Ok(());
        loop {
            let left = &self.buffer[used..];
            let next = match framing {
                Framing::Framed => frame_at(left),
                Framing::Plain => frames::plain_piece(left, Rest::MayCome, &mut self.open_line)
                    .map(|piece| (Some(Piece::new(Stream::Stdout, piece)), piece.len())),
                Framing::Bare => (!left.is_empty()).then(|| {
                    let piece = Piece::without_time(Stream::Stdout, left, now);
                    (Some(piece), left.len())
                }),
            };
            let Some((piece, length)) = next else { break };
            used += length;
            // Anything but output is the engine's word that it cannot read on.
            if let Some(piece) = piece {
                result = each(piece);
            }
            if result.is_err() {
                break;
            }
        }
        self.buffer.advance(used);
        result
    }

    /// Hands what is left at the end of a log to `each`: a last line of a terminal that has no newline. Of a frame
    /// that is not whole nothing is worth having.
    pub(super) fn finish<E>(
        &mut self,
        framing: Framing,
        mut each: impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if framing != Framing::Plain {
            return Ok(());
        }
        let left = self.buffer.split();
        let mut left = left.as_ref();
        while let Some(piece) = frames::plain_piece(left, Rest::IsHere, &mut self.open_line) {
            each(Piece::new(Stream::Stdout, piece))?;
            left = &left[piece.len()..];
        }
        Ok(())
    }

    /// Takes the head of a good answer off the buffer; false when it is not whole yet.
    fn take_head(&mut self) -> Result<bool, Fault> {
        let Some(end) = raw::head_end(&self.buffer) else {
            return if self.buffer.len() < HEAD_LIMIT {
                Ok(false)
            } else {
                Err(self.refusal())
            };
        };
        if raw::status(&self.buffer) != Some(200) {
            // The message follows, until the connection closes.
            return Ok(false);
        }
        self.buffer.advance(end);
        Ok(true)
    }

    /// What the answer says that is no log.
    fn refusal(&self) -> Fault {
        let body = raw::head_end(&self.buffer).map_or(&b""[..], |end| &self.buffer[end..]);
        match raw::status(&self.buffer) {
            Some(status_code) => Fault::DockerResponseServerError {
                status_code,
                message: raw::message(body),
            },
            None => io::Error::from(io::ErrorKind::UnexpectedEof).into(),
        }
    }
}

/// The frame at the start of `bytes`, when it is whole, with its length: a piece, if it is output.
fn frame_at(bytes: &[u8]) -> Option<(Option<Piece<'_>>, usize)> {
    let (header, rest) = bytes.split_first_chunk::<PIECE_HEADER_BYTES>()?;
    let [kind, _, _, _, length @ ..] = *header;
    let content = rest.get(..u32::from_be_bytes(length) as usize)?;
    let stream = match kind {
        1 => Some(Stream::Stdout),
        2 => Some(Stream::Stderr),
        _ => None,
    };
    let piece = stream.map(|stream| Piece::new(stream, content));
    Some((piece, PIECE_HEADER_BYTES + content.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(answer: &[u8]) -> Result<Vec<(Stream, Vec<u8>)>, Fault> {
        read_as(Framing::Framed, answer).await
    }

    async fn read_as(framing: Framing, answer: &[u8]) -> Result<Vec<(Stream, Vec<u8>)>, Fault> {
        // A few bytes at a time, so that everything is torn somewhere.
        let (near, mut far) = tokio::io::duplex(5);
        let mut stream = LogStream {
            connection: Box::new(near),
            buffer: BytesMut::new(),
            head: Head::Awaited,
            open_line: false,
        };
        let writing = async move {
            let _ = far.write_all(answer).await;
        };
        let reading = async {
            let mut pieces = Vec::new();
            let mut add = |piece: Piece<'_>| {
                pieces.push((piece.stream, piece.split().1.to_vec()));
                Ok::<_, Fault>(())
            };
            while stream.fill().await? {
                stream.drain(framing, Timestamp::UNIX_EPOCH, &mut add)?;
            }
            stream.finish(framing, add)?;
            Ok(pieces)
        };
        tokio::join!(reading, writing).0
    }

    #[tokio::test]
    async fn pieces_are_put_together_however_they_arrive() {
        let answer = b"HTTP/1.0 200 OK\r\nContent-Type: x\r\n\r\n\
            \x01\0\0\0\0\0\0\x03out\x03\0\0\0\0\0\0\x02no\x02\0\0\0\0\0\0\x03err\x01\0\0\0\0\0\0\x09torn";
        let expected = [
            (Stream::Stdout, b"out".to_vec()),
            (Stream::Stderr, b"err".to_vec()),
        ];
        assert_eq!(read(answer).await.unwrap(), expected);
        assert_eq!(read(b"HTTP/1.0 200 OK\r\n\r\n").await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_a_terminal_showed_is_taken_apart_by_lines() {
        const TIME: &str = "2026-01-02T03:04:05.000000006Z";
        let long = "x".repeat(frames::FRAGMENT_BYTES);
        // Two long lines have lost their newlines, and the last line has none.
        let written = [
            "a\r\n", &long, "end\r\n", &long, "end", "next\r\n", &long, "end", "$ ",
        ];
        let stamped: String = written
            .iter()
            .map(|piece| format!("{TIME} {piece}"))
            .collect();
        let answer = format!("HTTP/1.0 200 OK\r\n\r\n{stamped}");
        let pieces = read_as(Framing::Plain, answer.as_bytes()).await.unwrap();
        let expected = written.map(|piece| (Stream::Stdout, piece.as_bytes().to_vec()));
        assert_eq!(pieces, expected);
    }

    #[tokio::test]
    async fn a_refusal_is_told_as_such() {
        let answer =
            b"HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n{\"message\":\"No such container: a\"}\n";
        let fault = read(answer).await.unwrap_err();
        assert!(super::super::error::is_missing(&fault));
        assert_eq!(super::super::error::message(&fault), "No such container: a");
        assert!(matches!(
            read(b"HTTP/1").await.unwrap_err(),
            Fault::IOError { .. }
        ));
    }
}
