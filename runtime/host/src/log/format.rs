//! How a log lies on disk: the names of its files, the index's header and its records.
//!
//! ```text
//!   header   8 bytes  magic `CORACLOG`
//!            4 bytes  version, little endian, now 1
//!            4 bytes  bytes in a record, little endian, now 24
//!   record   8 bytes  nanoseconds since 1970, signed, little endian
//!            8 bytes  offset into `output.log`, little endian
//!            4 bytes  bytes, little endian
//!            1 byte   1 standard output, 2 standard error, 255 the end of the log
//!            3 bytes  zero
//! ```

use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// The most bytes one piece holds; what is longer is kept in several, so that a reader never needs more.
pub const MAX_PIECE: usize = 256 * 1024;

/// Bytes of the index before its first record.
pub(super) const HEADER_BYTES: u64 = 16;
/// Bytes of one record.
pub(super) const RECORD_BYTES: usize = 24;
const MAGIC: [u8; 8] = *b"CORACLOG";
const VERSION: u32 = 1;

/// Where a workload wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Piece(Stream),
    End,
}

/// One record of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) mark: Mark,
    pub(super) at: Timestamp,
    pub(super) offset: u64,
    pub(super) length: u32,
}

pub(super) fn data_path(directory: &Path) -> PathBuf {
    directory.join("output.log")
}

pub(super) fn index_path(directory: &Path) -> PathBuf {
    directory.join("output.idx")
}

pub(super) fn header() -> [u8; HEADER_BYTES as usize] {
    let mut bytes = [0; HEADER_BYTES as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..].copy_from_slice(&(RECORD_BYTES as u32).to_le_bytes());
    bytes
}

/// Why these bytes are not the header of an index that this version reads.
pub(super) fn check_header(bytes: &[u8; HEADER_BYTES as usize]) -> Result<(), String> {
    if bytes[..8] != MAGIC {
        return Err("its `output.idx` is not an index of a log".to_owned());
    }
    if *bytes == header() {
        return Ok(());
    }
    let version = little_u32(&bytes[8..12]);
    Err(format!(
        "its index has version {version}, and this program reads version {VERSION}; use a newer one"
    ))
}

impl Record {
    pub(super) fn encode(&self) -> [u8; RECORD_BYTES] {
        // A time that does not fit is after the year 2262 or before 1677.
        let nanoseconds = i64::try_from(self.at.as_nanosecond()).unwrap_or(i64::MAX);
        let mut bytes = [0; RECORD_BYTES];
        bytes[..8].copy_from_slice(&nanoseconds.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.offset.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.length.to_le_bytes());
        bytes[20] = match self.mark {
            Mark::Piece(Stream::Stdout) => 1,
            Mark::Piece(Stream::Stderr) => 2,
            Mark::End => 255,
        };
        bytes
    }

    /// The record in these bytes; none where they are torn, as a crashed machine leaves zeros.
    pub(super) fn decode(bytes: &[u8; RECORD_BYTES]) -> Option<Self> {
        let mark = match bytes[20] {
            1 => Mark::Piece(Stream::Stdout),
            2 => Mark::Piece(Stream::Stderr),
            255 => Mark::End,
            0 | 3..=254 => return None,
        };
        let nanoseconds = little_u64(&bytes[..8]).cast_signed();
        let at = Timestamp::from_nanosecond(nanoseconds.into()).ok()?;
        let length = little_u32(&bytes[16..20]);
        (length as usize <= MAX_PIECE).then_some(Self {
            mark,
            at,
            offset: little_u64(&bytes[8..16]),
            length,
        })
    }

    /// The first offset after the piece.
    pub(super) fn end(&self) -> u64 {
        self.offset.saturating_add(self.length.into())
    }
}

/// The offset of a record in the index.
pub(super) fn record_offset(number: u64) -> u64 {
    HEADER_BYTES + number * RECORD_BYTES as u64
}

/// How many whole records an index of that size holds.
pub(super) fn whole_records(index_bytes: u64) -> u64 {
    index_bytes.saturating_sub(HEADER_BYTES) / RECORD_BYTES as u64
}

fn little_u64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn little_u32(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_bytes() {
        let at = Timestamp::from_nanosecond(1_700_000_000_123_456_789).unwrap();
        for mark in [
            Mark::Piece(Stream::Stdout),
            Mark::Piece(Stream::Stderr),
            Mark::End,
        ] {
            let record = Record {
                mark,
                at,
                offset: 1 << 40,
                length: 77,
            };
            assert_eq!(Record::decode(&record.encode()), Some(record));
        }
    }

    #[test]
    fn zeros_and_foreign_headers_are_refused() {
        assert_eq!(Record::decode(&[0; RECORD_BYTES]), None);
        assert!(check_header(&[0; 16]).is_err());
        let mut newer = header();
        newer[8] = 9;
        assert!(check_header(&newer).unwrap_err().contains("version 9"));
        assert_eq!(check_header(&header()), Ok(()));
    }
}
