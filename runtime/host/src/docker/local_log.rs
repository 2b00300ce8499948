//! The one thing that only the file of Docker's `local` driver tells: whether a stream's last piece was followed
//! by a newline (see [`super::frames`]).
//!
//! The file is a sequence of records, each a protocol buffer between two copies of its length, so that it can be
//! read backwards. It can be read only by root on the engine's machine; elsewhere the answer is none.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use fs_err::File;

use crate::log::Stream;

/// How far back a stream's last record is looked for.
const RECORDS: usize = 10_000;
/// More than any record has; Docker's own limit is a million.
const RECORD_BYTES: u32 = 2_000_000;

/// The file in which Docker, keeping its files in `root_directory`, keeps a container's log.
pub(super) fn path(root_directory: &Path, container_id: &str) -> PathBuf {
    root_directory
        .join("containers")
        .join(container_id)
        .join("local-logs")
        .join("container.log")
}

/// Whether the last piece of a stream closed a line; none when the file does not tell.
pub(super) fn last_piece_closes_line(path: &Path, stream: Stream) -> Option<bool> {
    let mut file = File::open(path).ok()?;
    let mut end = file.metadata().ok()?.len();
    for _ in 0..RECORDS {
        let (start, record) = record_before(&mut file, end)?;
        let record = Record::parse(&record)?;
        if record.stream == Some(stream) {
            return Some(record.closes_line());
        }
        end = start;
    }
    None
}

/// The record that ends at `end`, and where it starts.
fn record_before(file: &mut File, end: u64) -> Option<(u64, Vec<u8>)> {
    let mut length = [0; 4];
    file.seek(SeekFrom::Start(end.checked_sub(4)?)).ok()?;
    file.read_exact(&mut length).ok()?;
    let length = u32::from_be_bytes(length);
    if length > RECORD_BYTES {
        return None;
    }
    let start = end.checked_sub(8 + u64::from(length))?;
    file.seek(SeekFrom::Start(start + 4)).ok()?;
    let mut record = vec![0; length as usize];
    file.read_exact(&mut record).ok()?;
    Some((start, record))
}

/// What matters of a record.
#[derive(Debug, Default, PartialEq, Eq)]
struct Record {
    stream: Option<Stream>,
    partial: bool,
    last: bool,
}

/// Fields of the record, and of the message in its field 5.
const SOURCE: u64 = 1;
const PARTIAL: u64 = 4;
const PARTIAL_DETAILS: u64 = 5;
const DETAILS_LAST: u64 = 1;

impl Record {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut record = Self::default();
        for (field, value) in fields(bytes)? {
            match (field, value) {
                (SOURCE, Field::Bytes(b"stdout")) => record.stream = Some(Stream::Stdout),
                (SOURCE, Field::Bytes(b"stderr")) => record.stream = Some(Stream::Stderr),
                (PARTIAL, Field::Number(number)) => record.partial = number != 0,
                (PARTIAL_DETAILS, Field::Bytes(details)) => {
                    record.last = fields(details)?.contains(&(DETAILS_LAST, Field::Number(1)));
                }
                _ => {}
            }
        }
        Some(record)
    }

    fn closes_line(&self) -> bool {
        !self.partial || self.last
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a protocol buffer that has numbers and bytes only.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = number(&mut bytes)?;
        let value = match tag & 7 {
            0 => Field::Number(number(&mut bytes)?),
            2 => {
                let length = usize::try_from(number(&mut bytes)?).ok()?;
                let (value, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Field::Bytes(value)
            }
            _ => return None,
        };
        fields.push((tag >> 3, value));
    }
    Some(fields)
}

/// A number in groups of seven bits, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record as Docker writes it, with a line of `length` bytes.
    fn record(source: &[u8], length: u8, partial: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x0a, source.len() as u8];
        bytes.extend(source);
        bytes.extend([0x10, 0x96, 0x01]); // a time
        bytes.extend([0x1a, length]);
        bytes.extend(vec![b'x'; length.into()]);
        bytes.extend(partial);
        let size = (bytes.len() as u32).to_be_bytes();
        [size.as_slice(), &bytes, &size].concat()
    }

    /// The marks of a fragment in the middle of a line, and of a line's last one.
    const MIDDLE: &[u8] = &[0x20, 0x01, 0x2a, 0x02, 0x18, 0x01];
    const LAST: &[u8] = &[0x20, 0x01, 0x2a, 0x04, 0x08, 0x01, 0x18, 0x02];

    #[test]
    fn the_last_record_of_each_stream_tells_whether_its_line_was_closed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("container.log");
        let records = [
            record(b"stderr", 9, LAST),
            record(b"stdout", 9, LAST),
            record(b"stdout", 3, MIDDLE),
        ];
        fs_err::write(&file, records.concat()).unwrap();
        assert_eq!(last_piece_closes_line(&file, Stream::Stdout), Some(false));
        assert_eq!(last_piece_closes_line(&file, Stream::Stderr), Some(true));
        fs_err::write(&file, record(b"stdout", 5, b"")).unwrap();
        assert_eq!(last_piece_closes_line(&file, Stream::Stdout), Some(true));
        assert_eq!(last_piece_closes_line(&file, Stream::Stderr), None);
    }

    #[test]
    fn what_cannot_be_read_tells_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("container.log");
        assert_eq!(last_piece_closes_line(&file, Stream::Stdout), None);
        for bytes in [
            b"".as_slice(),
            b"\xff\xff\xff\xff",
            b"\0\0\0\x02\x0a\x09\0\0\0\x02",
        ] {
            fs_err::write(&file, bytes).unwrap();
            assert_eq!(last_piece_closes_line(&file, Stream::Stdout), None);
        }
    }
}
