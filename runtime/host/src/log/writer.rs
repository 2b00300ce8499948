//! Writing a log: appended pieces gather in memory and go to disk in large writes.

use std::os::unix::fs::FileExt;
use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt;
use fs_err::{File, OpenOptions};
use jiff::Timestamp;

use super::LogError;
use super::format::{
    HEADER_BYTES, MAX_PIECE, Mark, RECORD_BYTES, Record, Stream, data_path, header, index_path,
    record_offset, whole_records,
};
use super::keep::{Dropped, Keep, PARTS, drop_bytes};
use super::reader::{LogReader, read_at};

/// What may gather before it is written without being asked.
const BUFFER_BYTES: usize = 1 << 20;

/// How far the end of a line is looked for, in records, where the oldest part of a log is dropped.
const LINE_RECORDS: u64 = 1024;

/// The one writer of a log.
///
/// A write that fails, for example on a full disk, may be tried again with [`LogWriter::flush`]: nothing that
/// was appended is lost before the writer is dropped. Dropping it leaves a log without an end.
#[derive(Debug)]
pub struct LogWriter {
    data: File,
    index: File,
    pending_data: Vec<u8>,
    pending_index: Vec<u8>,
    data_written: u64,
    index_written: u64,
    last: Timestamp,
    keep: Keep,
    /// The first record that has not been dropped, and where its bytes begin.
    first: (u64, u64),
}

impl LogWriter {
    /// Begins a log in `directory`, which is made when it is not there; a log that is there is replaced.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub fn create(directory: &Path) -> std::io::Result<Self> {
        fs_err::create_dir_all(directory)?;
        // The index goes first and comes last: whoever sees an index finds the data that belongs to it.
        for path in [index_path(directory), data_path(directory)] {
            match fs_err::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        let new = |path| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
        };
        let data = new(data_path(directory))?;
        let index = new(index_path(directory))?;
        let mut writer = Self {
            data,
            index,
            pending_data: Vec::new(),
            pending_index: header().to_vec(),
            data_written: 0,
            index_written: 0,
            last: Timestamp::UNIX_EPOCH,
            keep: Keep::All,
            first: (0, 0),
        };
        writer.flush()?;
        Ok(writer)
    }

    /// Goes on with the log in `directory` where its last writer left it, finished or not; begins one where there is none
    /// that can be gone on with.
    ///
    /// # Errors
    /// When the files cannot be read or written.
    pub fn resume(directory: &Path) -> std::io::Result<Self> {
        let mut reader = match LogReader::open(directory) {
            Ok(reader) => reader,
            Err(LogError::Format { .. }) => return Self::create(directory),
            Err(LogError::File(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Self::create(directory);
            }
            Err(LogError::File(error)) => return Err(error),
        };
        let open = |path| OpenOptions::new().read(true).write(true).open(path);
        let data = open(data_path(directory))?;
        let index = open(index_path(directory))?;
        let whole = reader.last_of_which_all_is_there();
        let (records, last) = whole.map_err(std::io::Error::other)?;
        let first = reader.first_kept().map_err(std::io::Error::other)?;
        let first_byte = reader.first_kept_byte().map_err(std::io::Error::other)?;
        let writer = Self {
            pending_data: Vec::new(),
            pending_index: Vec::new(),
            data_written: last.map_or(0, |record| record.end()),
            index_written: record_offset(records),
            last: last.map_or(Timestamp::UNIX_EPOCH, |record| record.at),
            keep: Keep::All,
            first: (first, first_byte),
            data,
            index,
        };
        writer.data.set_len(writer.data_written)?;
        writer.index.set_len(writer.index_written)?;
        write_at(&writer.index, &header(), 0)?;
        Ok(writer)
    }

    /// The same writer, which drops what is too old to be kept.
    #[must_use]
    pub fn keeping(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// When the last piece arrived; none before there is one.
    pub(crate) fn last_at(&self) -> Option<Timestamp> {
        (self.index_written + self.pending_index.len() as u64 > HEADER_BYTES).then_some(self.last)
    }

    /// Adds bytes that arrived at `at`. They reach the disk with the next [`LogWriter::flush`], or earlier.
    ///
    /// # Errors
    /// When gathered bytes had to be written and could not be; what was appended is kept.
    pub fn append(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) -> std::io::Result<()> {
        self.last = at;
        for piece in bytes.chunks(MAX_PIECE) {
            let record = Record {
                mark: Mark::Piece(stream),
                at,
                offset: self.data_written + self.pending_data.len() as u64,
                length: piece.len() as u32,
            };
            self.pending_data.extend_from_slice(piece);
            self.pending_index.extend_from_slice(&record.encode());
        }
        if self.pending_data.len() + self.pending_index.len() < BUFFER_BYTES {
            Ok(())
        } else {
            self.flush()
        }
    }

    /// Writes everything that was appended, so that readers see it.
    ///
    /// # Errors
    /// When it cannot be written; what was appended is kept.
    pub fn flush(&mut self) -> std::io::Result<()> {
        // Writing at a known place makes a second try after a half write right.
        write_at(&self.data, &self.pending_data, self.data_written)?;
        self.data_written += self.pending_data.len() as u64;
        self.pending_data.clear();
        write_at(&self.index, &self.pending_index, self.index_written)?;
        self.index_written += self.pending_index.len() as u64;
        self.pending_index.clear();
        self.drop_oldest()
    }

    /// Drops the oldest part of a log that has grown too long.
    fn drop_oldest(&mut self) -> std::io::Result<()> {
        let Keep::End(limit) = self.keep else {
            return Ok(());
        };
        let held = |(record, byte): (u64, u64)| {
            self.data_written - byte + self.index_written - record_offset(record)
        };
        if held(self.first) <= limit {
            return Ok(());
        }
        let wanted = limit - limit / PARTS;
        // The last record stays, however long it is.
        let last = whole_records(self.index_written).saturating_sub(1);
        let (mut next, mut end) = (self.first.0, last);
        while next < end {
            let middle = next + (end - next) / 2;
            if held((middle, self.read_record(middle)?.offset)) <= wanted {
                end = middle;
            } else {
                next = middle + 1;
            }
        }
        let next = self.at_line_start(next, last)?;
        let next = (next, self.read_record(next)?.offset);
        let (old, new) = (record_offset(self.first.0), record_offset(next.0));
        let dropped = drop_bytes(&self.index, old, new)?;
        // From the start: a writer that was killed in between left bytes without records.
        if dropped == Dropped::NotHere || drop_bytes(&self.data, 0, next.1)? == Dropped::NotHere {
            self.keep = Keep::All;
        }
        self.first = next;
        Ok(())
    }

    /// The first record from one on that begins a line, where there is one near.
    fn at_line_start(&self, from: u64, last: u64) -> std::io::Result<u64> {
        for number in from..last.min(from + LINE_RECORDS) {
            if let Some(before) = number.checked_sub(1)
                && before >= self.first.0
                && let Some(end) = self.read_record(before)?.end().checked_sub(1)
            {
                let mut byte = [0];
                read_at(&self.data, &mut byte, end)?;
                if byte == *b"\n" {
                    return Ok(number);
                }
            }
        }
        Ok(from)
    }

    fn read_record(&self, number: u64) -> std::io::Result<Record> {
        let mut record = [0; RECORD_BYTES];
        read_at(&self.index, &mut record, record_offset(number))?;
        let torn = || std::io::Error::other("a record that was written is not there any more");
        Record::decode(&record).ok_or_else(torn)
    }

    /// Writes everything and marks the end: followers stop.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> std::io::Result<()> {
        let offset = self.data_written + self.pending_data.len() as u64;
        let end = Record {
            mark: Mark::End,
            at: self.last,
            offset,
            length: 0,
        };
        self.pending_index.extend_from_slice(&end.encode());
        self.flush()
    }
}

/// Marks the end of a log whose writer is no more; one that has an end is left as it is.
///
/// A torn tail is cut off. Where there is no log, an empty one is made.
///
/// # Errors
/// When the files cannot be read or written.
pub fn seal(directory: &Path) -> Result<(), LogError> {
    if !index_path(directory).exists() {
        return Ok(LogWriter::create(directory)?.finish()?);
    }
    let mut reader = LogReader::open(directory)?;
    if reader.is_finished()? {
        return Ok(());
    }
    let (records, last) = reader.last_whole()?;
    let (at, offset) = last.map_or((Timestamp::UNIX_EPOCH, 0), |record| {
        (record.at, record.end())
    });
    let end = Record {
        mark: Mark::End,
        at,
        offset,
        length: 0,
    };
    let index = OpenOptions::new().write(true).open(index_path(directory))?;
    index.set_len(record_offset(records))?;
    write_at(&index, &header(), 0)?;
    write_at(&index, &end.encode(), record_offset(records))?;
    Ok(())
}

/// Copies a log, finished or not, over the one in another directory.
///
/// # Errors
/// When it cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs_err::create_dir_all(to)?;
    // In the writer's order; what is added in between reads as a torn tail.
    fs_err::copy(data_path(from), data_path(to))?;
    fs_err::copy(index_path(from), index_path(to)).map(drop)
}

fn write_at(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()> {
    let named = |error: std::io::Error| {
        std::io::Error::new(
            error.kind(),
            format!("failed to write to `{}`: {error}", file.path().display()),
        )
    };
    file.file().write_all_at(bytes, offset).map_err(named)
}
