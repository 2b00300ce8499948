//! Between code that waits for a disk and code that waits for a connection: pieces of a stream, of which a few may lie between.

use std::io::{self, Read, Write};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::sync::mpsc;

/// How many pieces may lie between.
pub(super) const BETWEEN: usize = 8;

/// How large a piece is that is sent.
const PIECE: usize = 64 << 10;

/// Pieces as they come.
pub(super) struct PieceReader {
    from: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl PieceReader {
    pub(super) fn new(from: mpsc::Receiver<Bytes>) -> Self {
        Self {
            from,
            current: Bytes::new(),
        }
    }
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.from.blocking_recv() {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// What is written goes on in pieces.
pub(super) struct PieceWriter {
    to: mpsc::Sender<Bytes>,
    gathered: BytesMut,
}

impl PieceWriter {
    pub(super) fn new(to: mpsc::Sender<Bytes>) -> Self {
        Self {
            to,
            gathered: BytesMut::with_capacity(PIECE),
        }
    }
}

impl Write for PieceWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = buffer.len().min(PIECE - self.gathered.len());
        self.gathered.extend_from_slice(&buffer[..count]);
        if self.gathered.len() == PIECE {
            self.flush()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = self.gathered.split().freeze();
        self.gathered.reserve(PIECE);
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.to.blocking_send(piece).map_err(gone)
    }
}

/// Lines out of pieces.
#[derive(Default)]
pub(super) struct Lines {
    rest: BytesMut,
}

impl Lines {
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.rest.extend_from_slice(piece);
    }

    /// The next whole line, without its end.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let line = self.rest.split_to(end).freeze();
        self.rest.advance(1);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_on_one_side_is_read_on_the_other() {
        let (to, from) = mpsc::channel(BETWEEN);
        let text = vec![7; 3 * PIECE + 5];
        let expected = text.clone();
        let writer = std::thread::spawn(move || {
            let mut writer = PieceWriter::new(to);
            writer.write_all(&text).unwrap();
            writer.flush().unwrap();
        });
        let mut read = Vec::new();
        PieceReader::new(from).read_to_end(&mut read).unwrap();
        writer.join().unwrap();
        assert_eq!(read, expected);
    }

    #[test]
    fn lines_may_be_cut_anywhere() {
        let mut lines = Lines::default();
        lines.push(b"a\nb");
        assert_eq!(lines.next().as_deref(), Some(&b"a"[..]));
        assert_eq!(lines.next(), None);
        lines.push(b"c\n\n");
        assert_eq!(lines.next().as_deref(), Some(&b"bc"[..]));
        assert_eq!(lines.next().as_deref(), Some(&b""[..]));
    }
}
